import type { ContainerImage, Node, Taint } from "../api/types/core_v1.ts";
import { toNumber } from "../api/types/quantity.ts";
import {
  addTo,
  type Amounts,
  amountsOf,
  type Disk,
  type HostPort,
  noAmounts,
  type PodInfo,
} from "./pod_info.ts";

const NO_IMAGES: ReadonlyMap<string, number> = new Map();

/** One node as a decision sees it, kept up to date pod by pod. */
export class NodeInfo {
  readonly name: string;
  /** Its number among the nodes; -1 while it is none of them. */
  slot = -1;
  labels: Readonly<Record<string, string>> = {};
  taints: readonly Taint[] = [];
  isReady = false;
  isUnschedulable = false;
  /** 0 of cpu or memory: unlimited. */
  allocatable: Readonly<Amounts> = noAmounts();
  /** 0: unlimited. */
  podsMax = 0;
  readonly requested: Amounts = noAmounts();
  readonly pods = new Map<string, PodInfo>();
  /** Bytes of the images that are there, by each of their names. */
  images: ReadonlyMap<string, number> = NO_IMAGES;
  #imagesSaid: unknown;
  readonly #ports = new Map<string, string[]>();
  readonly #disks = new Map<string, { users: number; writers: number }>();

  constructor(name: string, node?: Readonly<Node>) {
    this.name = name;
    if (node !== undefined) this.setNode(node);
  }

  setNode({ metadata, spec, status }: Readonly<Node>): void {
    const has = status?.allocatable ?? status?.capacity ?? {};
    this.labels = metadata.labels ?? {};
    this.taints = spec.taints ?? [];
    this.isUnschedulable = spec.unschedulable ?? false;
    this.isReady =
      status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ??
        false;
    this.allocatable = amountsOf(has);
    this.podsMax = has.pods === undefined ? 0 : toNumber(has.pods);
    if (status?.images !== this.#imagesSaid) this.images = imagesOf(status?.images ?? []);
    this.#imagesSaid = status?.images;
  }

  addPod(pod: PodInfo): void {
    if (this.pods.has(pod.uid)) return;
    this.pods.set(pod.uid, pod);
    addTo(this.requested, pod.requests);
    for (const port of pod.hostPorts) this.#addPort(port);
    for (const disk of pod.disks) this.#countDisk(disk, 1);
  }

  removePod(uid: string): void {
    const pod = this.pods.get(uid);
    if (pod === undefined) return;
    this.pods.delete(uid);
    addTo(this.requested, pod.requests, -1);
    for (const port of pod.hostPorts) this.#removePort(port);
    for (const disk of pod.disks) this.#countDisk(disk, -1);
  }

  /** An address conflicts with itself and with all addresses. */
  hasPortTaken({ port, address }: HostPort): boolean {
    const taken = this.#ports.get(port);
    if (taken === undefined) return false;
    return address === "" || taken.some((other) => other === "" || other === address);
  }

  hasDiskTaken({ id, isReadOnly }: Disk): boolean {
    const use = this.#disks.get(id);
    if (use === undefined) return false;
    return isReadOnly ? use.writers > 0 : use.users > 0;
  }

  #addPort({ port, address }: HostPort): void {
    const taken = this.#ports.get(port);
    if (taken === undefined) this.#ports.set(port, [address]);
    else taken.push(address);
  }

  #removePort({ port, address }: HostPort): void {
    const taken = this.#ports.get(port) ?? [];
    taken.splice(taken.indexOf(address), 1);
    if (taken.length === 0) this.#ports.delete(port);
  }

  #countDisk({ id, isReadOnly }: Disk, by: 1 | -1): void {
    const { users, writers } = this.#disks.get(id) ?? { users: 0, writers: 0 };
    if (users + by === 0) this.#disks.delete(id);
    else this.#disks.set(id, { users: users + by, writers: writers + (isReadOnly ? 0 : by) });
  }
}

function imagesOf(images: readonly ContainerImage[]): ReadonlyMap<string, number> {
  if (images.length === 0) return NO_IMAGES;
  return new Map(
    images.flatMap(({ names = [], sizeBytes = 0 }) =>
      names.map((name): [string, number] => [name, sizeBytes])
    ),
  );
}
