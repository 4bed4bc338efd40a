import type { Container, Pod, Volume } from "../api/types/core_v1.ts";
import { toBytes, toMilli, toNumber } from "../api/types/quantity.ts";
import { type PodTerms, termsOf } from "./pod_terms.ts";

/** Amounts that a pod asks for or a node has. */
export interface Amounts {
  milliCpu: number;
  memoryBytes: number;
  /** Whatever else has a name, such as `ephemeral-storage`; empty for most pods. */
  others: Record<string, number>;
}

export interface HostPort {
  /** `PROTOCOL/port`. */
  readonly port: string;
  /** Empty: all addresses of the node. */
  readonly address: string;
}

/** A network disk that can't be mounted twice, save by readers alone. */
export interface Disk {
  readonly id: string;
  readonly isReadOnly: boolean;
}

/** A pod and what it asks for, added up once. */
export interface PodInfo {
  readonly uid: string;
  /** As it was seen last. */
  pod: Readonly<Pod>;
  readonly requests: Readonly<Amounts>;
  readonly hostPorts: readonly HostPort[];
  readonly disks: readonly Disk[];
  readonly priority: number;
  readonly terms: PodTerms;
  /** Equal for pods of one namespace with the same labels, both ending or neither. */
  readonly groupKey: string;
}

export function podInfoOf(pod: Readonly<Pod>): PodInfo {
  const containers = [...pod.spec.containers, ...sidecarsOf(pod)];
  return {
    uid: uidOf(pod),
    pod,
    requests: requestsOf(pod),
    hostPorts: containers.flatMap(hostPortsOf),
    disks: (pod.spec.volumes ?? []).flatMap(disksOf),
    priority: pod.spec.priority ?? 0,
    terms: termsOf(pod),
    groupKey: groupKeyOf(pod),
  };
}

function groupKeyOf({ metadata: { namespace = "", labels = {}, deletionTimestamp } }: Pod): string {
  return `${deletionTimestamp === undefined} ${namespace} ${JSON.stringify(labels)}`;
}

/** Objects of tests may have no uid; in a cluster each has. */
export function uidOf({ metadata }: Readonly<Pod>): string {
  return metadata.uid ?? `${metadata.namespace ?? ""}/${metadata.name}`;
}

export function noAmounts(): Amounts {
  return { milliCpu: 0, memoryBytes: 0, others: {} };
}

/** @param sign 1 adds, -1 takes away */
export function addTo(sum: Amounts, amounts: Readonly<Amounts>, sign: 1 | -1 = 1): void {
  sum.milliCpu += sign * amounts.milliCpu;
  sum.memoryBytes += sign * amounts.memoryBytes;
  for (const name in amounts.others) {
    sum.others[name] = (sum.others[name] ?? 0) + sign * (amounts.others[name] ?? 0);
  }
}

/** Reads `cpu`, `memory` and the rest of a list of quantities; `pods` is counted elsewhere. */
export function amountsOf(quantities: Readonly<Record<string, string>>): Amounts {
  const amounts = noAmounts();
  for (const [name, text] of Object.entries(quantities)) {
    if (name === "cpu") amounts.milliCpu = toMilli(text);
    else if (name === "memory") amounts.memoryBytes = toBytes(text);
    else if (name !== "pods") amounts.others[name] = toNumber(text);
  }
  return amounts;
}

/** All containers run together; the init containers run before them, one at a time. */
function requestsOf({ spec }: Readonly<Pod>): Amounts {
  const sum = noAmounts();
  const peak = noAmounts();
  for (const container of spec.initContainers ?? []) {
    const own = requestsOfContainer(container);
    if (container.restartPolicy === "Always") addTo(sum, own);
    else raiseTo(peak, sumOf(sum, own));
  }
  for (const container of spec.containers) addTo(sum, requestsOfContainer(container));
  raiseTo(sum, peak);
  if (spec.overhead !== undefined) addTo(sum, amountsOf(spec.overhead));
  return sum;
}

/** What is not requested counts by its limit. */
function requestsOfContainer({ resources }: Container): Amounts {
  if (resources === undefined) return noAmounts();
  return amountsOf({ ...resources.limits, ...resources.requests });
}

function sumOf(a: Amounts, b: Amounts): Amounts {
  const sum = noAmounts();
  addTo(sum, a);
  addTo(sum, b);
  return sum;
}

function raiseTo(amounts: Amounts, floor: Amounts): void {
  amounts.milliCpu = Math.max(amounts.milliCpu, floor.milliCpu);
  amounts.memoryBytes = Math.max(amounts.memoryBytes, floor.memoryBytes);
  for (const name in floor.others) {
    amounts.others[name] = Math.max(amounts.others[name] ?? 0, floor.others[name] ?? 0);
  }
}

function sidecarsOf({ spec }: Readonly<Pod>): Container[] {
  return (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
}

function hostPortsOf({ ports = [] }: Container): HostPort[] {
  return ports.filter(({ hostPort = 0 }) => hostPort !== 0)
    .map(({ hostPort, hostIP = "", protocol = "TCP" }) => ({
      port: `${protocol}/${hostPort}`,
      address: hostIP === "0.0.0.0" ? "" : hostIP,
    }));
}

function disksOf(volume: Volume): Disk[] {
  const { gcePersistentDisk: gce, awsElasticBlockStore: ebs, iscsi, rbd } = volume;
  const disks: Disk[] = [];
  if (gce) disks.push({ id: `gce/${gce.pdName}`, isReadOnly: gce.readOnly ?? false });
  if (ebs) disks.push({ id: `ebs/${ebs.volumeID}`, isReadOnly: false });
  if (iscsi) {
    disks.push({ id: `iscsi/${iscsi.iqn}/${iscsi.lun}`, isReadOnly: iscsi.readOnly ?? false });
  }
  if (rbd) {
    const id = `rbd/${rbd.pool ?? "rbd"}/${rbd.image}`;
    disks.push({ id, isReadOnly: rbd.readOnly ?? false });
  }
  return disks;
}
