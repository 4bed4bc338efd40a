import type { Container, LimitRangeItem, Pod } from "../types/core_v1.ts";
import type { Amounts } from "../types/pod_amounts.ts";

const ANNOTATION = "kubernetes.io/limit-ranger";

/** The pod with what its containers leave unsaid, and an annotation that tells; the same pod where all is said. */
export function withLimitDefaults(pod: Pod, items: readonly LimitRangeItem[]): Pod {
  const item = defaultsOf(items);
  const told: string[] = [];
  const fill = (word: string) => <T extends Container>(container: T): T =>
    filled(container, item, (what) => told.push(`${what} for ${word} ${container.name}`));
  const { containers, initContainers } = pod.spec;
  const spec = {
    ...pod.spec,
    containers: containers.map(fill("container")),
    ...(initContainers !== undefined &&
      { initContainers: initContainers.map(fill("init container")) }),
  };
  if (told.length === 0) return pod;
  const text = `LimitRanger plugin set: ${told.join("; ")}`;
  const annotations = { ...pod.metadata.annotations, [ANNOTATION]: text };
  return { ...pod, metadata: { ...pod.metadata, annotations }, spec } as Pod;
}

type Defaults = Pick<LimitRangeItem, "default" | "defaultRequest">;

/** Of two items for containers the first that says something of a resource is the one that counts. */
function defaultsOf(items: readonly LimitRangeItem[]): Defaults {
  const own = items.filter(({ type }) => type === "Container").toReversed();
  return {
    default: Object.assign({}, ...own.map((item) => item.default)),
    defaultRequest: Object.assign({}, ...own.map((item) => item.defaultRequest)),
  };
}

function filled<T extends Container>(
  container: T,
  item: Defaults,
  tell: (what: string) => void,
): T {
  const { requests, limits } = container.resources ?? {};
  const newRequests = missing(item.defaultRequest, requests);
  const newLimits = missing(item.default, limits);
  if (newRequests === undefined && newLimits === undefined) return container;
  for (const [what, amounts] of [["request", newRequests], ["limit", newLimits]] as const) {
    if (amounts !== undefined) tell(`${Object.keys(amounts).sort().join(", ")} ${what}`);
  }
  const resources = {
    ...container.resources,
    ...(newRequests !== undefined && { requests: { ...requests, ...newRequests } }),
    ...(newLimits !== undefined && { limits: { ...limits, ...newLimits } }),
  };
  return { ...container, resources };
}

function missing(wanted: Amounts = {}, have: Amounts = {}): Amounts | undefined {
  const names = Object.keys(wanted).filter((name) => have[name] === undefined);
  return names.length === 0
    ? undefined
    : Object.fromEntries(names.map((name) => [name, wanted[name] ?? "0"]));
}
