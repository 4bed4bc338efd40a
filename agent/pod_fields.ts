import type { Container, Pod, ResourceFieldSelector } from "../api/types/core_v1.ts";
import { toMilli, toNumber } from "../api/types/quantity.ts";

/** What a container may learn of its pod and node, besides what the pod's object says. */
export interface PodFacts {
  readonly podIp: string;
  readonly hostIp: string;
  readonly nodeName: string;
  /** What a container without a limit may use: the node's allocatable resources. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** Field paths whose value is known only after the pod has an address. */
const OF_THE_ADDRESS = ["status.podIP", "status.podIPs"];

export function needsAddress(fieldPath: string | undefined): boolean {
  return fieldPath !== undefined && OF_THE_ADDRESS.includes(fieldPath);
}

/** @returns undefined for a path that Kubernetes does not offer */
export function fieldValue(pod: Pod, facts: PodFacts, fieldPath: string): string | undefined {
  const { metadata, spec } = pod;
  const [, map, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath) ?? [];
  if (map === "labels") return metadata.labels?.[key ?? ""] ?? "";
  if (map === "annotations") return metadata.annotations?.[key ?? ""] ?? "";
  switch (fieldPath) {
    case "metadata.name":
      return metadata.name;
    case "metadata.namespace":
      return metadata.namespace ?? "";
    case "metadata.uid":
      return metadata.uid ?? "";
    case "metadata.labels":
      return linesOf(metadata.labels);
    case "metadata.annotations":
      return linesOf(metadata.annotations);
    case "spec.nodeName":
      return facts.nodeName;
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? "";
    case "status.hostIP":
    case "status.hostIPs":
      return facts.hostIp;
    case "status.podIP":
    case "status.podIPs":
      return facts.podIp;
    default:
      return undefined;
  }
}

/** Source: Kubernetes, fieldpath.FormatMap. */
function linesOf(map: Readonly<Record<string, string>> = {}): string {
  return Object.entries(map).sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`).join("\n");
}

/** `limits.cpu` and its like, in units of the divisor, rounded up. @returns undefined for another resource */
export function resourceValue(
  container: Container,
  facts: PodFacts,
  { resource, divisor = "1" }: ResourceFieldSelector,
): string | undefined {
  const [, kind, name = ""] =
    /^(limits|requests)\.(cpu|memory|ephemeral-storage)$/.exec(resource) ??
      [];
  if (kind === undefined) return undefined;
  const { limits = {}, requests = {} } = container.resources ?? {};
  const asked = kind === "limits"
    ? limits[name] ?? facts.allocatable[name]
    : requests[name] ?? limits[name];
  const unit = divisor === "0" ? "1" : divisor;
  const amount = name === "cpu"
    ? toMilli(asked ?? "0") / toMilli(unit)
    : toNumber(asked ?? "0") / toNumber(unit);
  return String(Math.ceil(amount));
}
