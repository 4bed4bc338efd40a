import type { Node, Pod } from "../types/core_v1.ts";
import { NODES, PODS } from "../types/resources.ts";
import { StatusError } from "../types/status.ts";
import type { Store } from "../../store/store.ts";
import { keyOf } from "../registry/keys.ts";
import { notFound } from "../registry/refusals.ts";

/** Where a stream of a pod goes: the agent of its node, and the path there. */
export interface PodTarget {
  readonly pod: Pod;
  /** Absent while the pod has no node. */
  readonly node: Node | undefined;
}

const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

/** @throws {StatusError} NotFound when the pod or its node is not there */
export function podTarget(store: Store, namespace: string, name: string): PodTarget {
  const pod = store.get(keyOf(PODS, namespace, name))?.object as Pod | undefined;
  if (pod === undefined) throw notFound(PODS, name);
  const { nodeName = "" } = pod.spec;
  if (nodeName === "") return { pod, node: undefined };
  const node = store.get(keyOf(NODES, "", nodeName))?.object as Node | undefined;
  if (node === undefined) throw notFound(NODES, nodeName);
  return { pod, node };
}

/**
 * The container that a stream is about: the one that is asked for, the only one, or the pod's default.
 * @throws {StatusError} BadRequest, in Kubernetes's words
 */
function containerIn({ metadata, spec }: Pod, asked: string): string {
  const { containers, initContainers = [], ephemeralContainers = [] } = spec;
  const all = [...containers, ...initContainers, ...ephemeralContainers].map(({ name }) => name);
  const wanted = asked ||
    (containers.length === 1
      ? containers[0]!.name
      : metadata.annotations?.[DEFAULT_CONTAINER] ?? "");
  if (wanted === "") throw new StatusError("BadRequest", mustChoose(metadata.name, spec));
  if (all.includes(wanted)) return wanted;
  const why = `container ${wanted} is not valid for pod ${metadata.name}`;
  throw new StatusError("BadRequest", why);
}

function mustChoose(name: string, { containers, initContainers = [] }: Pod["spec"]): string {
  const listed = (items: readonly { name: string }[]) => items.map((item) => item.name).join(" ");
  const why = `a container name must be specified for pod ${name}, choose one of: [${
    listed(containers)
  }]`;
  return initContainers.length === 0
    ? why
    : `${why} or one of the init containers: [${listed(initContainers)}]`;
}

/** What the agent calls the streams of a remote command. Source: kubelet's server, `/exec` and `/attach`. */
const STREAMS = { stdin: "input", stdout: "output", stderr: "error", tty: "tty" } as const;

/** @throws {StatusError} BadRequest when the stream makes no sense for the pod as it is */
export function streamPath(subresource: string, pod: Pod, query: URLSearchParams): string {
  const { namespace = "", name } = pod.metadata;
  const place = `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  if (subresource === "portforward") {
    const ports = new URLSearchParams(query.getAll("ports").map((port) => ["port", port]));
    return `/portForward/${place}${ports.size === 0 ? "" : `?${ports}`}`;
  }
  const phase = pod.status?.phase ?? "";
  if (phase === "Succeeded" || phase === "Failed") {
    const why = `cannot exec into a container in a completed pod; current phase is ${phase}`;
    throw new StatusError("BadRequest", why);
  }
  const container = containerIn(pod, query.get("container") ?? "");
  const sent = new URLSearchParams();
  for (const [ours, theirs] of Object.entries(STREAMS)) {
    if (["1", "true"].includes(query.get(ours) ?? "")) sent.set(theirs, "1");
  }
  for (const word of query.getAll("command")) sent.append("command", word);
  return `/${subresource}/${place}/${encodeURIComponent(container)}?${sent}`;
}

const LOG_OPTIONS = ["follow", "previous", "timestamps", "sinceTime"];
const LOG_COUNTS = ["sinceSeconds", "tailLines", "limitBytes"];

/** @throws {StatusError} BadRequest on a wrong option or container */
export function logPath(pod: Pod, query: URLSearchParams): string {
  const { namespace = "", name } = pod.metadata;
  const container = containerIn(pod, query.get("container") ?? "");
  const sent = new URLSearchParams();
  for (const option of LOG_OPTIONS) if (query.get(option)) sent.set(option, query.get(option)!);
  for (const option of LOG_COUNTS) {
    const value = query.get(option) ?? "";
    if (value === "") continue;
    if (!/^\d{1,15}$/.test(value)) {
      const why = `${option}: Invalid value: ${JSON.stringify(value)}: must be a whole number`;
      throw new StatusError("BadRequest", why);
    }
    sent.set(option, value);
  }
  const parts = [namespace, name, container].map(encodeURIComponent);
  return `/containerLogs/${parts.join("/")}${sent.size === 0 ? "" : `?${sent}`}`;
}
