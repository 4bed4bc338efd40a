import type { Pod } from "../../api/types/core_v1.ts";
import type { Cluster } from "./cluster.ts";

const TIMEOUT_MS = 90_000;
const ASK_AGAIN_MS = 100;

/** Asks until the answer is there; the last complaint is the error. A complaint is a sentence, "" is fine. */
export async function eventually(
  ask: () => Promise<string>,
  timeoutMs = TIMEOUT_MS,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  let complaint = await ask();
  while (complaint !== "") {
    if (Date.now() > end) throw new Error(`After ${timeoutMs / 1000} s: ${complaint}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    complaint = await ask();
  }
}

/** Pods with the label `app=NAME`, in the order of their names. */
export async function podsOf({ kubectl }: Cluster, app: string): Promise<Pod[]> {
  const { items } = await kubectl.json<{ items: Pod[] }>("get", "pods", "-l", `app=${app}`);
  return items;
}

export function isReady(pod: Pod): boolean {
  const isTrue = pod.status?.conditions?.some(({ type, status }) =>
    type === "Ready" && status === "True"
  );
  return isTrue === true && pod.metadata.deletionTimestamp === undefined;
}

/** Waits until exactly `count` pods of the application are there and ready, and @returns them. */
export async function readyPods(cluster: Cluster, app: string, count: number): Promise<Pod[]> {
  await eventually(async () => {
    const pods = await podsOf(cluster, app);
    const ready = pods.filter(isReady).length;
    if (pods.length === count && ready === count) return "";
    return `${pods.length} pods of ${app}, ${ready} ready, instead of ${count}`;
  });
  return await podsOf(cluster, app);
}

/** Waits until the endpoints of the service name just these pods. */
export async function endpointsAre(cluster: Cluster, service: string, pods: Pod[]): Promise<void> {
  const want = pods.map((pod) => pod.status?.podIP ?? "").sort().join(" ");
  const path = "jsonpath={.subsets[*].addresses[*].ip}";
  await eventually(async () => {
    const text = await cluster.kubectl.run("get", "endpoints", service, "-o", path);
    const got = text.trim().split(/\s+/).sort().join(" ");
    return got === want ? "" : `endpoints of ${service} are ${got}, not ${want}`;
  });
}

/** Docker's ids of the containers that run for a pod, by container name. */
export function containerIds(pod: Pod): Map<string, string> {
  const statuses = pod.status?.containerStatuses ?? [];
  return new Map(statuses.map(({ name, containerID = "" }) => [
    name,
    containerID.replace("docker://", ""),
  ]));
}

export async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("docker", { args }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${text.decode(stderr)}`);
  return text.decode(stdout).trim();
}
