import type { Log } from "../api/types/ambient.ts";
import { AddressPool } from "./address_pool.ts";
import { CommandError, type Commands } from "./host_commands.ts";
import { borrowSysctl, returnBorrowed } from "./host_borrowed.ts";
import { type ClusterNames, linkNameOf } from "./names.ts";
import { closeFirewall, openFirewall } from "./pod_firewall.ts";
import {
  planRoutes,
  planWiring,
  type PodLink,
  podMacOf,
  type PodRef,
  readPodLinks,
} from "./pod_links.ts";
import type { PathPod } from "./pod_path.ts";

/** Of Ethernet; an overlay between nodes asks for less: overlay.ts. */
const MTU_DEFAULT = 1_500;

/** A way for pods' packets that is shorter than the host's own. Implementation: PodPath. */
export interface ShortPath {
  keepOnly(pods: readonly PathPod[]): Promise<void>;
  add(pod: PathPod): Promise<void>;
  remove(ip: string, link: string): Promise<void>;
}

export interface PodNetworkOptions {
  readonly names: ClusterNames;
  readonly commands: Commands;
  readonly log: Log;
  /** Addresses of this node's pods, such as 10.198.0.0/24. */
  readonly podCidr: string;
  /** Addresses of all pods of the cluster; absent: those of this node. */
  readonly clusterCidr?: string;
  readonly mtu?: number;
  /** By which pods see processes of the host; absent: the kernel takes the first of an uplink. */
  readonly nodeIp?: string;
}

/**
 * Gives every pod an address of its own, reachable without NAT from this node and its other pods: one veth pair and
 * one host route for each, no bridge. What is wired is read from the kernel, so a restart of the agent changes nothing.
 */
export class PodNetwork {
  readonly #addresses: AddressPool;
  /** Address of each pod that is wired or being wired, by uid. */
  readonly #pods = new Map<string, string>();
  #path: ShortPath | undefined;

  private constructor(readonly options: PodNetworkOptions) {
    this.#addresses = new AddressPool(options.podCidr);
  }

  /** @throws {Error} when the host lacks `ip` or the right to use it */
  static async open(options: PodNetworkOptions): Promise<PodNetwork> {
    const network = new PodNetwork(options);
    await borrowSysctl(options.names.cluster, "net.ipv4.ip_forward", "1");
    await openFirewall({ ...options, clusterCidr: options.clusterCidr ?? options.podCidr });
    const links = await network.#links();
    for (const { uid, ip } of links) {
      network.#pods.set(uid, ip);
      network.#addresses.claim(ip);
    }
    await network.#layRoutes(links);
    return network;
  }

  /** The node may have another address than when the pods were wired. */
  async #layRoutes(links: readonly PodLink[]): Promise<void> {
    const { commands, nodeIp, log } = this.options;
    if (links.length === 0) return;
    try {
      await commands.run("ip", ["-force", "-batch", "-"], planRoutes(links, nodeIp));
    } catch (error) {
      // of a link that went meanwhile; the others have theirs
      log("not every pod that is wired has its route", { reason: messageOf(error) });
    }
  }

  /** From here on every pod goes by this way too, those that are wired already first. */
  async usePath(path: ShortPath): Promise<void> {
    this.#path = path;
    const links = await this.#links();
    await path.keepOnly(links.map(pathPodOf));
    for (const link of links) await this.#shorten(link);
  }

  /**
   * Wires the network namespace of a process, which has nothing but a loopback. A pod that had an address keeps it in
   * its new sandbox; the old wire is cut.
   */
  async attach(pod: PodRef, sandboxPid: number): Promise<{ ip: string }> {
    const { commands, names, mtu = MTU_DEFAULT, nodeIp } = this.options;
    const known = this.#pods.get(pod.uid);
    if (known !== undefined) await this.#unlink(pod.uid);
    const ip = known ?? this.#addresses.take();
    this.#pods.set(pod.uid, ip);
    const wire = { sandboxPid, mtu, ...(nodeIp === undefined ? {} : { nodeIp }) };
    const plan = planWiring(names, pod.uid, ip, wire);
    let shortened: Promise<void> | undefined;
    try {
      await commands.run("ip", ["-batch", "-"], plan.host);
      // meanwhile: it needs the node's end of the wire alone
      shortened = this.#shorten({ ip, link: plan.link });
      const inside = [`--net=/proc/${sandboxPid}/ns/net`, "ip", "-batch", "-"];
      await commands.run("nsenter", inside, plan.pod);
    } catch (error) {
      await shortened;
      await this.detach(pod.uid);
      throw new Error(
        `Cannot wire pod ${pod.namespace}/${pod.name} at ${ip}: ${messageOf(error)}`,
        { cause: error },
      );
    }
    await shortened;
    return { ip };
  }

  /** Without it a pod works as well, only slower. */
  async #shorten(pod: { ip: string; link: string }): Promise<void> {
    try {
      await this.#path?.add(pathPodOf(pod));
    } catch (error) {
      const { ip } = pod;
      this.options.log("a pod goes the long way", { ip, reason: messageOf(error) });
    }
  }

  /** A pod that is not wired is no error. */
  async detach(podUid: string): Promise<void> {
    await this.#unlink(podUid);
    const ip = this.#pods.get(podUid);
    this.#pods.delete(podUid);
    if (ip !== undefined) this.#addresses.release(ip);
  }

  /** Address by uid of every pod that the kernel has a wire for. */
  async list(): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.#links()).map(({ uid, ip }) => [uid, ip]));
  }

  /** Leaves nothing of this cluster's pod network on the host. */
  async remove(): Promise<void> {
    for (const { uid } of await this.#links()) await this.detach(uid);
    await closeFirewall(this.options.names, this.options.commands);
    await returnBorrowed(this.options.names.cluster);
  }

  async #links(): Promise<PodLink[]> {
    const { commands, names } = this.options;
    const json = await commands.run("ip", ["-json", "link", "show", "type", "veth"]);
    return readPodLinks(names, json);
  }

  /** Its routes and neighbours go with it. */
  async #unlink(podUid: string): Promise<void> {
    const link = linkNameOf(this.options.names, podUid);
    const ip = this.#pods.get(podUid);
    if (ip !== undefined) await this.#path?.remove(ip, link);
    try {
      await this.options.commands.run("ip", ["link", "delete", "dev", link]);
    } catch (error) {
      const isGone = error instanceof CommandError && error.stderr.includes("Cannot find device");
      if (!isGone) throw error; // a sandbox that ends takes its link along
    }
  }
}

function pathPodOf({ ip, link }: { ip: string; link: string }): PathPod {
  return { ip, link, mac: podMacOf(ip) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
