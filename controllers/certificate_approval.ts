import type { CertificateSigningRequest } from "../api/types/certificates_v1.ts";
import { ENDPOINTS, NODES } from "../api/types/resources.ts";
import type { Cache } from "../client/cache.ts";
import { type Asked, reasonsAgainst } from "./certificate_signing.ts";
import { timeOf } from "./pods.ts";

type Csr = CertificateSigningRequest;

const CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";
const SERVING_SIGNER = "kubernetes.io/kubelet-serving";
const BOOTSTRAPPERS = "system:bootstrappers";
const NODES_GROUP = "system:nodes";
const NODE_PREFIX = "system:node:";

/** Names by which pods know the API server: no node may answer to them. */
const API_NAMES = /^kubernetes(\.default(\.svc(\..+)?)?)?$/;

export type Verdict =
  | { readonly type: "Approved"; readonly message: string }
  | { readonly type: "Denied"; readonly message: string };

/** Of a node, and nobody has decided yet. */
export function isToJudge({ spec, status }: Readonly<Csr>): boolean {
  const isOfNode = spec.signerName === CLIENT_SIGNER || spec.signerName === SERVING_SIGNER;
  return isOfNode && (status?.conditions ?? []).length === 0 && !status?.certificate;
}

/**
 * Whoever has a token may become a node that is not there; a node may renew what it has, and answer at its own
 * addresses. Source of the rules: kube-controller-manager, csrapproving; it leaves serving certificates to people.
 * @returns undefined where a person has to decide
 */
export function judge(request: Readonly<Csr>, asked: Asked, cache: Cache): Verdict | undefined {
  const { signerName, username = "", groups = [] } = request.spec;
  const isNode = username === asked.commonName && groups.includes(NODES_GROUP);
  const isNew = groups.includes(BOOTSTRAPPERS) && signerName === CLIENT_SIGNER;
  if (!isNode && !isNew) return undefined;
  const against = reasonsAgainst(request, asked);
  if (against.length > 0) return { type: "Denied", message: against.join("; ") };
  const node = asked.commonName.slice(NODE_PREFIX.length);
  const why = isNode && signerName === SERVING_SIGNER
    ? whyNotServe(node, asked, cache)
    : isNode
    ? undefined
    : whyNotJoin(node, cache);
  if (why !== undefined) return { type: "Denied", message: why };
  return { type: "Approved", message: `Auto approving ${isNew ? "" : "self "}node certificate` };
}

/** A second host under the name of the first would take its pods. */
function whyNotJoin(node: string, cache: Cache): string | undefined {
  if (API_NAMES.test(node) || node === "") return `no node may be called ${JSON.stringify(node)}`;
  const there = cache.get(NODES, "", node);
  const ready = there?.status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status !== "True") return undefined;
  return `node ${node} is there and Ready: choose another name, or delete it first`;
}

function whyNotServe(node: string, asked: Asked, cache: Cache): string | undefined {
  const strange = asked.dnsNames.find((name) => name !== node && name !== "localhost");
  if (strange !== undefined) return `${strange} is not the name of node ${node}`;
  for (const address of asked.addresses) {
    const holder = holderOf(address, node, cache);
    if (holder !== undefined) return `${address} is an address of ${holder}`;
  }
  return undefined;
}

/** @returns whose address it is, when it is not this node's alone */
function holderOf(address: string, node: string, cache: Cache): string | undefined {
  const { subsets = [] } = cache.get(ENDPOINTS, "default", "kubernetes") ?? {};
  const servers = subsets.flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip));
  if (servers.includes(address)) return "the API server";
  const other = cache.list(NODES).find(({ metadata, status }) =>
    metadata.name !== node &&
    status?.addresses?.some((one) => one.type !== "Hostname" && one.address === address)
  );
  return other === undefined ? undefined : `node ${other.metadata.name}`;
}

export function withVerdict(
  request: Readonly<Csr>,
  { type, message }: Verdict,
  now: number,
): Csr {
  const at = timeOf(now);
  const reason = type === "Approved" ? "AutoApproved" : "AutoDenied";
  const condition = { type, status: "True", reason, message, lastUpdateTime: at };
  const conditions = [{ ...condition, lastTransitionTime: at }];
  return { ...request, status: { ...request.status, conditions } };
}
