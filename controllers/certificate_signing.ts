import type { CertificateSigningRequest } from "../api/types/certificates_v1.ts";
import { CERTIFICATE_SIGNING_REQUESTS } from "../api/types/certificates_v1.ts";
import { type Controller, NOTHING_TO_DO } from "./controller.ts";
import { timeOf } from "./pods.ts";

type Csr = CertificateSigningRequest;

/** What a certificate request says, once somebody has read it. */
export interface Asked {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
  /** Other names, such as those of mail or URIs. */
  readonly otherNames: number;
}

/** Source: kubernetes.io signers: usages that each may certify, and the one that it must. */
const SIGNERS: Readonly<Record<string, { needs: string; isNode: boolean }>> = {
  "kubernetes.io/kube-apiserver-client": { needs: "client auth", isNode: false },
  "kubernetes.io/kube-apiserver-client-kubelet": { needs: "client auth", isNode: true },
  "kubernetes.io/kubelet-serving": { needs: "server auth", isNode: true },
};
const KEY_USAGES = ["digital signature", "key encipherment"];

/** Approved, for a signer of ours, and neither signed nor given up. */
export function isToSign({ spec, status = {} }: Readonly<Csr>): boolean {
  const has = (type: string) => status.conditions?.some((one) => one.type === type) ?? false;
  return Object.hasOwn(SIGNERS, spec.signerName) && !status.certificate && has("Approved") &&
    !has("Denied") && !has("Failed");
}

/** @returns why the signer does not sign this; [] where it does. Source: Kubernetes, the signers' documentation */
export function reasonsAgainst({ spec }: Readonly<Csr>, asked: Asked): string[] {
  const signer = SIGNERS[spec.signerName];
  if (signer === undefined) return [`nobody signs for ${spec.signerName}`];
  const usages = spec.usages ?? [];
  const others = usages.filter((usage) => usage !== signer.needs && !KEY_USAGES.includes(usage));
  return [
    ...(usages.includes(signer.needs) ? [] : [`usages lack "${signer.needs}"`]),
    ...others.map((usage) => `usage "${usage}" is not for this signer`),
    ...(signer.isNode ? againstNode(spec, asked) : againstClient(asked)),
  ];
}

function againstClient({ organizations }: Asked): string[] {
  return organizations.includes("system:masters")
    ? ["organization system:masters is not given to anybody by request"]
    : [];
}

function againstNode({ signerName, username }: Csr["spec"], asked: Asked): string[] {
  const { commonName, organizations, dnsNames, addresses, otherNames } = asked;
  const isServing = signerName.endsWith("kubelet-serving");
  const names = dnsNames.length + addresses.length;
  const isOwn = organizations.length === 1 && organizations[0] === "system:nodes" &&
    commonName.startsWith("system:node:");
  return [
    ...(isOwn ? [] : ["subject must be O=system:nodes, CN=system:node:NAME"]),
    ...(isServing && names === 0 ? ["subject alternative names are missing"] : []),
    ...(isServing ? [] : names === 0 ? [] : ["subject alternative names are not for clients"]),
    ...(otherNames === 0 ? [] : ["only DNS names and addresses may be alternative names"]),
    ...(isServing && username !== commonName ? ["a node asks for itself alone"] : []),
  ];
}

export function withFailure(request: Readonly<Csr>, message: string, now: number): Csr {
  const { conditions = [] } = request.status ?? {};
  const at = timeOf(now);
  const failed = {
    type: "Failed",
    status: "True",
    reason: "SignerValidationFailure",
    message,
    lastUpdateTime: at,
    lastTransitionTime: at,
  };
  return { ...request, status: { ...request.status, conditions: [...conditions, failed] } };
}

const HOUR_MS = 3_600_000;
/** Source: kube-controller-manager, csrcleaner. */
const LIFE_MS = { decided: HOUR_MS, pending: 24 * HOUR_MS };

/** Requests that had their answer, or never got one, go after a while. */
export const certificateRequestCleaner: Controller<Csr> = {
  name: "certificatesigningrequest-cleaner-controller",
  reconciles: CERTIFICATE_SIGNING_REQUESTS,
  requeueOn: [],
  plan(request, { now }) {
    const { metadata: { creationTimestamp, deletionTimestamp }, status = {} } = request;
    if (deletionTimestamp !== undefined) return NOTHING_TO_DO;
    const { conditions = [], certificate } = status;
    const times = conditions.map(({ lastUpdateTime }) => Date.parse(lastUpdateTime ?? "") || 0);
    const isPending = conditions.length === 0 && !certificate;
    const madeAt = creationTimestamp === undefined ? now : Date.parse(creationTimestamp);
    const from = Math.max(madeAt, ...times);
    const leftMs = from + (isPending ? LIFE_MS.pending : LIFE_MS.decided) - now;
    if (leftMs > 0) return { writes: [], againMs: leftMs };
    return { writes: [{ verb: "delete", object: request }] };
  },
};
