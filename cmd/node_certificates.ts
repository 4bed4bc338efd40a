import { X509Certificate } from "node:crypto";
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
} from "../api/types/certificates_v1.ts";
import type { Api } from "../client/api.ts";
import { readIfThere, writeWhole } from "./files.ts";
import { CA_FILE, loadX509, SIGNING } from "./pki.ts";
import { waitFor } from "./wait.ts";

/** One of the two that an agent holds: by the one it asks, by the other it answers. */
export interface NodeCertificate {
  /** File name without extension. */
  readonly file: string;
  readonly signerName: string;
  readonly usage: "client auth" | "server auth";
  readonly nodeName: string;
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
}

export const NODE_CLIENT_FILE = "agent-client";
export const NODE_SERVING_FILE = "agent";

/** The master approves and signs within a second; a person may have to. */
const SIGNED_PATIENCE_MS = 60_000;
/** Renewed with so much of its life left. */
const RENEW_SHARE = 1 / 3;

export function clientCertificateOf(nodeName: string): NodeCertificate {
  return {
    file: NODE_CLIENT_FILE,
    signerName: "kubernetes.io/kube-apiserver-client-kubelet",
    usage: "client auth",
    nodeName,
    dnsNames: [],
    addresses: [],
  };
}

export function servingCertificateOf(nodeName: string, address: string): NodeCertificate {
  return {
    file: NODE_SERVING_FILE,
    signerName: "kubernetes.io/kubelet-serving",
    usage: "server auth",
    nodeName,
    dnsNames: ["localhost", nodeName],
    addresses: [...new Set(["127.0.0.1", address])],
  };
}

export type State = "good" | "old" | "useless";

/** Whether it serves at `now`, in milliseconds: one that is old still does, but should be renewed. */
export function stateOf(
  wanted: NodeCertificate,
  pem: string | undefined,
  caPem: string,
  now: number,
): State {
  if (pem === undefined) return "useless";
  const certificate = new X509Certificate(pem);
  const ca = new X509Certificate(caPem);
  const isOurs = certificate.checkIssued(ca) && certificate.verify(ca.publicKey);
  const names = namesOf(certificate);
  const want = [
    ...wanted.dnsNames.map((name) => `DNS:${name}`),
    ...wanted.addresses.map((address) => `IP Address:${address}`),
  ];
  const isFor = certificate.subject.split("\n").includes(`CN=system:node:${wanted.nodeName}`) &&
    names.join() === want.sort().join();
  const [from, until] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (!isOurs || !isFor || now >= until) return "useless";
  return until - now < (until - from) * RENEW_SHARE ? "old" : "good";
}

function namesOf({ subjectAltName = "" }: X509Certificate): string[] {
  return (subjectAltName ?? "").split(", ").filter((name) => name !== "").sort();
}

/**
 * Asks for the certificate, waits until it is signed, and lays key and certificate into the folder.
 * @throws {Error} when the request is denied, or nobody decides in time
 */
export async function obtain(
  wanted: NodeCertificate,
  { api, pki }: { api: Api; pki: string },
): Promise<void> {
  const keys = await crypto.subtle.generateKey(SIGNING, true, ["sign", "verify"]) as CryptoKeyPair;
  const name = `node-csr-${crypto.randomUUID()}`;
  await api.create(CERTIFICATE_SIGNING_REQUESTS, {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name },
    spec: {
      request: btoa(await requestText(wanted, keys)),
      signerName: wanted.signerName,
      usages: ["digital signature", wanted.usage],
    },
  });
  const certificate = await signed(name, api);
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const body = pkcs8.toBase64().match(/.{1,64}/g)!.join("\n");
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
  await writeWhole(`${pki}/${wanted.file}.key`, keyPem, 0o600);
  await writeWhole(`${pki}/${wanted.file}.crt`, certificate, 0o644);
}

async function requestText(wanted: NodeCertificate, keys: CryptoKeyPair): Promise<string> {
  const x509 = await loadX509();
  const names = [
    ...wanted.dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...wanted.addresses.map((value) => ({ type: "ip" as const, value })),
  ];
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ O: ["system:nodes"] }, { CN: [`system:node:${wanted.nodeName}`] }],
    keys,
    signingAlgorithm: SIGNING,
    extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
  });
  return `${request.toString("pem")}\n`;
}

async function signed(name: string, api: Api): Promise<string> {
  let found: CertificateSigningRequest | undefined;
  const isDone = (requests: readonly CertificateSigningRequest[]) => {
    found = requests.find(({ metadata }) => metadata.name === name);
    return found?.status?.certificate !== undefined || refusalOf(found) !== undefined;
  };
  await waitFor(
    api,
    CERTIFICATE_SIGNING_REQUESTS,
    { fieldSelector: `metadata.name=${name}` },
    isDone,
    {
      timeoutMs: SIGNED_PATIENCE_MS,
      otherwise: () => `nobody has signed request ${name}: see kubectl get csr`,
    },
  );
  const refusal = refusalOf(found);
  if (refusal !== undefined) throw new Error(`request ${name} is refused: ${refusal}`);
  return atob(found?.status?.certificate ?? "");
}

function refusalOf(request: CertificateSigningRequest | undefined): string | undefined {
  const conditions = request?.status?.conditions ?? [];
  const refusal = conditions.find(({ type }) => type === "Denied" || type === "Failed");
  return refusal === undefined ? undefined : refusal.message ?? refusal.reason ?? refusal.type;
}

/** Reads one of the two, and how good it still is. */
export async function stateIn(pki: string, wanted: NodeCertificate, now: number): Promise<State> {
  const caPem = await readIfThere(`${pki}/${CA_FILE}.crt`);
  const pem = await readIfThere(`${pki}/${wanted.file}.crt`);
  const key = await readIfThere(`${pki}/${wanted.file}.key`);
  return caPem === undefined || key === undefined ? "useless" : stateOf(wanted, pem, caPem, now);
}
