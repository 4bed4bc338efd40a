import { ownerIn } from "../agent/docker_containers.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { PODS } from "../api/types/resources.ts";
import type { Api } from "../client/api.ts";

/**
 * What happens to a pod, in milliseconds since the first of its lot was asked for. The engine makes the container
 * while its sandbox starts.
 */
export interface Timeline {
  "the API has answered": number;
  "its node is known": number;
  "the sandbox is made": number;
  "the container is made": number;
  "the sandbox runs": number;
  "the container runs": number;
  Running: number;
}

export type Moment = keyof Timeline;

/** Absolute milliseconds by pod and moment, as three sources tell them on one clock: the client, a watch, the engine. */
class Moments {
  readonly #at = new Map<string, Map<Moment | "asked", number>>();

  note(pod: string, moment: Moment | "asked", at = now()): void {
    const known = this.#at.get(pod) ?? new Map<Moment | "asked", number>();
    this.#at.set(pod, known);
    if (!known.has(moment)) known.set(moment, at);
  }

  timelineOf(pod: string): Timeline {
    const asked = Math.min(...[...this.#at.values()].map((one) => one.get("asked") ?? Infinity));
    const since = (moment: Moment) => (this.#at.get(pod)?.get(moment) ?? NaN) - asked;
    return {
      "the API has answered": since("the API has answered"),
      "its node is known": since("its node is known"),
      "the sandbox is made": since("the sandbox is made"),
      "the container is made": since("the container is made"),
      "the sandbox runs": since("the sandbox runs"),
      "the container runs": since("the container runs"),
      Running: since("Running"),
    };
  }
}

const now = () => performance.timeOrigin + performance.now();

/** Pods that wait for their turn to be asked for, as with a client of sixteen connections. */
const CREATES_AT_ONCE = 16;
const PATIENCE_MS = 120_000;

/** Asks for the pods and waits until a watch has shown each of them running. They are left there. */
export async function timePods(
  api: Api,
  clusterName: string,
  pods: readonly Pod[],
): Promise<Timeline[]> {
  const moments = new Moments();
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(PATIENCE_MS)]);
  await using engine = followEngine(clusterName, moments);
  const { resourceVersion } = await api.list(PODS, { namespace: "default" });
  const running = followPods(api, resourceVersion, { moments, signal, count: pods.length });
  const left = pods.values();
  const create = async () => {
    for (const pod of left) {
      moments.note(pod.metadata.name, "asked");
      await api.create(PODS, pod);
      moments.note(pod.metadata.name, "the API has answered");
    }
  };
  await Promise.all([running, ...Array.from({ length: CREATES_AT_ONCE }, create)]);
  ended.abort();
  await engine.seen();
  return pods.map(({ metadata }) => moments.timelineOf(metadata.name));
}

async function followPods(
  api: Api,
  resourceVersion: string,
  { moments, signal, count }: { moments: Moments; signal: AbortSignal; count: number },
): Promise<void> {
  const running = new Set<string>();
  const options = { namespace: "default", resourceVersion };
  for await (const { type, object } of api.watch(PODS, options, signal)) {
    if (type === "BOOKMARK") continue;
    const { metadata: { name }, spec, status } = object;
    if (spec.nodeName !== undefined) moments.note(name, "its node is known");
    if (status?.phase !== "Running") continue;
    moments.note(name, "Running");
    if (running.add(name).size === count) return;
  }
  throw new Error(`After ${PATIENCE_MS / 1000} s ${running.size} of ${count} pods run`);
}

interface EngineEvent {
  Action: string;
  Actor: { Attributes: Record<string, string> };
  timeNano: number;
}

/** The engine's own clock says when a container was made and when its start had come to its end. */
function followEngine(clusterName: string, moments: Moments) {
  const filters = ["type=container", `label=dev.wherry.cluster=${clusterName}`];
  const args = ["events", "--format", "{{json .}}", ...filters.flatMap((one) => ["--filter", one])];
  // what happened before it is ready is told too
  args.push("--since", `${Math.floor(now() / 1000)}`);
  const child = new Deno.Command("docker", { args, stdout: "piped", stderr: "null" }).spawn();
  const read = readEvents(child.stdout, moments);
  return {
    /** What has happened is told within this. */
    seen: () => new Promise<void>((resolve) => setTimeout(resolve, 50)),
    async [Symbol.asyncDispose]() {
      child.kill();
      await Promise.all([child.status, read]);
    },
  };
}

async function readEvents(stream: ReadableStream<Uint8Array<ArrayBuffer>>, moments: Moments) {
  let held = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (held + text).split("\n");
    held = lines.pop() ?? "";
    for (const line of lines) {
      const { Action, Actor: { Attributes }, timeNano } = JSON.parse(line) as EngineEvent;
      const pod = Attributes["io.kubernetes.pod.name"] ?? ownerIn(Attributes.name ?? "")?.pod.name;
      if (pod === undefined) continue; // of a sandbox that is made ahead
      const what = Attributes["io.kubernetes.container.name"] === "POD" ? "sandbox" : "container";
      if (Action === "create") moments.note(pod, `the ${what} is made`, timeNano / 1e6);
      if (Action === "rename") {
        moments.note(pod, "the sandbox is made", timeNano / 1e6);
        moments.note(pod, "the sandbox runs", timeNano / 1e6);
      }
      if (Action === "start") moments.note(pod, `the ${what} runs`, timeNano / 1e6);
    }
  }
}
