import { attachToLink, linkIndexOfPinned, proveOnLink, replaceOnLink } from "./bpf_links.ts";
import { ebpfPinsOf } from "./ebpf_pins.ts";
import { listFolder, makeFolder, readBytes, removeTree } from "./host_files.ts";
import { type BpfMap, BpfObject, Libbpf } from "./libbpf.ts";
import type { ClusterNames } from "./names.ts";
import * as maps from "./pod_path_maps.ts";

/** Every network has it, under this number. */
const LOOPBACK = 1;
const OBJECT = new URL("../dataplane/bpf/pod_path.bpf.o", import.meta.url);

/** A pod's end of the wire, and the host's. */
export interface PathPod {
  readonly ip: string;
  /** Name of the host's end. */
  readonly link: string;
  readonly mac: string;
}

/** How the pods of another node are reached. */
export interface PathPeer {
  /** Its pods' range, or its own address. */
  readonly cidr: string;
  /** Its end of the overlay. */
  readonly nextHop: string;
}

/**
 * The short way of pods' packets: programs at the links of pods and at the overlay hand them on past the host's stack
 * (bpf/pod_path.bpf.c). Programs and maps are pinned, so that packets go the same way while no agent runs.
 * Pods that a policy is about take the long way, on which the policy is enforced.
 */
export class PodPath {
  readonly #pods: BpfMap;
  readonly #peers: BpfMap;
  readonly #links: string;
  readonly #uplinks: string;
  /** By address, as in the kernel. */
  readonly #known = new Map<string, maps.PodEntry>();
  /** By range, as in the kernel; undefined: not read yet. */
  #peersThere: ReadonlyMap<string, maps.PeerEntry | undefined> | undefined;
  #overlayIndex: number | undefined;
  #guarded: ReadonlySet<string>;
  #isClosed = false;

  private constructor(readonly object: BpfObject, names: ClusterNames) {
    this.#pods = object.map("pods");
    this.#peers = object.map("peers");
    this.#links = ebpfPinsOf(names).networkLinks;
    this.#uplinks = ebpfPinsOf(names).uplinks;
    const { count, keys, values } = this.#pods
      .read(maps.PODS_MAX, maps.POD_KEY_BYTES, maps.POD_BYTES);
    for (const pod of maps.decodePods(keys, values, count)) this.#known.set(pod.ip, pod);
    this.#guarded = new Set(
      [...this.#known.values()].flatMap((pod) => pod.isGuarded ? pod.ip : []),
    );
  }

  /**
   * Takes over what an earlier process left; `keepOnly` is to be called once it is known which pods are there.
   * @throws {Error} saying what the kernel refuses
   */
  static async open(names: ClusterNames): Promise<PodPath> {
    const { mapsHere, networkLinks, uplinks } = ebpfPinsOf(names);
    for (const folder of [mapsHere, networkLinks, uplinks]) await makeFolder(folder);
    const object = new BpfObject(Libbpf.load(), await readBytes(OBJECT), mapsHere);
    try {
      proveOnLink(object, "from_pod", LOOPBACK);
      return new PodPath(object, names);
    } catch (error) {
      object.close();
      throw error;
    }
  }

  /** Forgets pods that are gone. */
  async keepOnly(pods: readonly PathPod[]): Promise<void> {
    if (this.#isClosed) return;
    const there = new Set(pods.map(({ ip }) => ip));
    this.#forget([...this.#known.keys()].filter((ip) => !there.has(ip)));
    for (const link of await listFolder(this.#links)) {
      if (linkIndexOfPinned(this.object.lib, this.#pinOf(link)) === 0) {
        await removeTree(this.#pinOf(link));
      }
    }
  }

  /** @throws {Error} when the kernel has no such link, or refuses the program: the pod takes the long way then */
  async add({ ip, link, mac }: PathPod): Promise<void> {
    if (this.#isClosed) return;
    const ifindex = await this.#attach("from_pod", link);
    this.#write({ ip, ifindex, mac, isGuarded: this.#guarded.has(ip) });
  }

  /** To be called while the link is still there. */
  async remove(ip: string, link: string): Promise<void> {
    this.#forget([ip]);
    await removeTree(this.#pinOf(link));
  }

  /** @param ips addresses that some policy is about, and no others */
  guard(ips: ReadonlySet<string>): void {
    if (this.#isClosed) return;
    this.#guarded = ips;
    for (const pod of this.#known.values()) {
      const isGuarded = ips.has(pod.ip);
      if (isGuarded !== pod.isGuarded) this.#write({ ...pod, isGuarded });
    }
  }

  /** @param overlay undefined: no node is reached by an overlay of ours */
  async setPeers(overlay: string | undefined, peers: readonly PathPeer[]): Promise<void> {
    if (this.#isClosed) return;
    const ifindex = overlay === undefined ? 0 : await this.#attachOnce(overlay);
    const wanted = overlay === undefined ? [] : peers.map((peer) => ({ ...peer, ifindex }));
    const there = this.#peersThere ??= this.#readPeers();
    const changed = wanted.filter(({ cidr, nextHop }) => {
      const known = there.get(cidr);
      return known?.nextHop !== nextHop || known.ifindex !== ifindex;
    });
    const next = new Map(wanted.map((peer) => [peer.cidr, peer]));
    const gone = [...there.keys()].filter((cidr) => !next.has(cidr));
    this.#peers.delete(gone.length, maps.encodeRanges(gone));
    const keys = maps.encodeRanges(changed.map(({ cidr }) => cidr));
    this.#peers.update(changed.length, keys, maps.encodePeers(changed));
    this.#peersThere = next;
  }

  /**
   * Clients from outside that come by these links for a service are led to its pods by programs; by others, which an
   * earlier process may have known, no more.
   */
  async setUplinks(links: readonly string[]): Promise<void> {
    if (this.#isClosed) return;
    const folder = this.#uplinks;
    for (const gone of (await listFolder(folder)).filter((link) => !links.includes(link))) {
      await removeTree(`${folder}/${gone}`);
    }
    for (const link of links) await this.#attach("from_uplink", link, folder);
  }

  /** What is in the kernel stays; later calls change it no more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.object.close();
  }

  /** Only the ranges: what is wanted of them is written again. */
  #readPeers(): ReadonlyMap<string, undefined> {
    const read = this.#peers.read(maps.PEERS_MAX, maps.RANGE_BYTES, maps.PEER_BYTES);
    return new Map(maps.decodeRanges(read.keys, read.count).map((cidr) => [cidr, undefined]));
  }

  #write(pod: maps.PodEntry): void {
    const { keys, values } = maps.encodePods([pod]);
    this.#pods.update(1, keys, values);
    this.#known.set(pod.ip, pod);
  }

  #forget(ips: readonly string[]): void {
    if (ips.length > 0 && !this.#isClosed) this.#pods.delete(ips.length, maps.encodeAddresses(ips));
    for (const ip of ips) this.#known.delete(ip);
  }

  async #attachOnce(overlay: string): Promise<number> {
    const ifindex = this.object.lib.linkIndex(overlay);
    if (ifindex !== undefined && ifindex === this.#overlayIndex) return ifindex;
    return this.#overlayIndex = await this.#attach("from_overlay", overlay);
  }

  /** @returns the link's index */
  async #attach(program: string, link: string, folder = this.#links): Promise<number> {
    const { lib } = this.object;
    const ifindex = lib.linkIndex(link);
    if (ifindex === undefined) {
      throw new Error(`Cannot attach ${program}: there is no link ${link}`);
    }
    const pin = `${folder}/${link}`;
    const pinned = linkIndexOfPinned(lib, pin);
    if (pinned === ifindex) {
      replaceOnLink(this.object, program, pin);
      return ifindex;
    }
    if (pinned !== undefined) await removeTree(pin); // of a link that had this name
    attachToLink(this.object, program, ifindex, pin);
    return ifindex;
  }

  #pinOf(link: string): string {
    return `${this.#links}/${link}`;
  }
}

/** Pods take the way through the host again, whoever had shortened it. */
export async function removePodPath(names: ClusterNames): Promise<void> {
  const { networkLinks, uplinks } = ebpfPinsOf(names);
  for (const folder of [networkLinks, uplinks]) await removeTree(folder);
}
