import { createHash } from "node:crypto";

/** Everything in the kernel that belongs to one cluster, so that several live on one host. */
export interface ClusterNames {
  readonly cluster: string;
  /** nftables table of the service rules. */
  readonly serviceTable: string;
  /** nftables table that lets pods reach the world outside. */
  readonly podTable: string;
  /** nftables table of what network policies refuse. */
  readonly policyTable: string;
  /** Every host-side link begins with it, and no other cluster's does. */
  readonly linkPrefix: string;
  /** The link to the other nodes; what holds for links of pods holds for it, by its beginning. */
  readonly overlayLink: string;
  /** Tells the packets of clusters on the same wire apart: 24 bits. */
  readonly overlayId: number;
  /** Routing table for packets from pods to other nodes. */
  readonly overlayTable: number;
  /** Folder of pinned maps and links. */
  readonly pins: string;
  /** Marks the rules that are added to chains of others. */
  readonly comment: string;
}

const BPFFS = "/sys/fs/bpf";
const CLUSTER_NAME = /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/;
const LINK_NAME_MAX = 15; // IFNAMSIZ less its closing zero
const PREFIX_LENGTH = 6;
/** Nobody else's: above the numbers that administrators and network managers give by hand. */
const OVERLAY_TABLE_FIRST = 100_000;
const OVERLAY_IDS = 2 ** 24;

/** @throws {Error} when the name could not stand in a file name and in a table name */
export function namesOf(cluster: string): ClusterNames {
  if (!CLUSTER_NAME.test(cluster)) {
    throw new Error(
      `Cannot use cluster name ${
        JSON.stringify(cluster)
      }: it must begin with a lower-case letter ` +
        `and hold at most 32 lower-case letters, digits and dashes`,
    );
  }
  const linkPrefix = `v${digest(cluster).slice(0, PREFIX_LENGTH - 2)}-`;
  const overlayId = overlayIdOf(cluster);
  return {
    cluster,
    serviceTable: cluster,
    podTable: `${cluster}-pods`,
    policyTable: `${cluster}-policies`,
    linkPrefix,
    overlayLink: `${linkPrefix}vxlan`,
    overlayId,
    overlayTable: OVERLAY_TABLE_FIRST + overlayId,
    pins: `${BPFFS}/${cluster}`,
    comment: `cluster ${cluster}`,
  };
}

/** Name of the host's end of a pod's link. */
export function linkNameOf(names: ClusterNames, podUid: string): string {
  return names.linkPrefix + digest(podUid).slice(0, LINK_NAME_MAX - PREFIX_LENGTH);
}

/** Never 0, by which a link would take no packet apart. */
function overlayIdOf(cluster: string): number {
  const hex = createHash("sha256").update(`overlay ${cluster}`).digest("hex");
  return 1 + Number.parseInt(hex.slice(0, 12), 16) % (OVERLAY_IDS - 1);
}

/** Short enough for a name in the kernel, and as good as unique. */
export function digestOf(text: string): string {
  return digest(text).slice(0, 16);
}

/** Letters and digits only. */
function digest(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return BigInt(`0x${hex}`).toString(36);
}
