import { X509Certificate } from "node:crypto";
import { readIfThere, writeWhole } from "./files.ts";

/** Who a certificate is for, and what it may do. */
export interface Identity {
  /** File name without extension. */
  readonly file: string;
  readonly commonName: string;
  /** Groups of a client. Kubernetes reads them from the organization. */
  readonly organization?: string;
  readonly usage: "server" | "client";
  readonly dnsNames?: readonly string[];
  readonly addresses?: readonly string[];
}

/** What the certificates have to cover. */
export interface ClusterNames {
  readonly clusterName: string;
  readonly nodeName: string;
  /** Where the API and the agent are reached; 127.0.0.1 comes along. */
  readonly nodeAddresses: readonly string[];
  /** The first address of the service range: where pods find the API. */
  readonly apiServiceAddress: string;
}

export const CA_FILE = "ca";
export const API_SERVER_FILE = "apiserver";
const ADMIN_FILE = "admin";
export const API_SERVER_TO_AGENT_FILE = "apiserver-agent-client";
export const AGENT_FILE = "agent";

const DAY_MS = 24 * 60 * 60 * 1000;
const CA_LIFE_MS = 3650 * DAY_MS;
const LIFE_MS = 365 * DAY_MS;

/** Clocks of other machines may be behind ours. */
const CLOCK_SKEW_MS = 60 * 60 * 1000;

/** Renewed at a start with less than a third of its life left. */
const RENEW_BEFORE_MS = LIFE_MS / 3;

/** Every certificate of a cluster with one node. Source of the names: kubeadm's certificates. */
function identitiesOf(names: ClusterNames): readonly Identity[] {
  const { nodeName, nodeAddresses, apiServiceAddress } = names;
  const service = "kubernetes.default.svc.cluster.local";
  const serviceNames = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", service];
  return [
    {
      file: API_SERVER_FILE,
      commonName: "kube-apiserver",
      usage: "server",
      dnsNames: ["localhost", nodeName, ...serviceNames],
      addresses: ["127.0.0.1", ...nodeAddresses, apiServiceAddress],
    },
    {
      file: ADMIN_FILE,
      commonName: "kubernetes-admin",
      organization: "system:masters",
      usage: "client",
    },
    {
      file: API_SERVER_TO_AGENT_FILE,
      commonName: "kube-apiserver-kubelet-client",
      organization: "system:masters",
      usage: "client",
    },
    {
      file: AGENT_FILE,
      commonName: `system:node:${nodeName}`,
      organization: "system:nodes",
      usage: "server",
      dnsNames: ["localhost", nodeName],
      addresses: ["127.0.0.1", ...nodeAddresses],
    },
  ];
}

/** Why the certificate has to be made anew, or undefined while it serves. `now` in milliseconds. */
function reasonToRenew(
  identity: Identity,
  certificatePem: string | undefined,
  caPem: string,
  now: number,
): string | undefined {
  if (certificatePem === undefined) return "missing";
  const certificate = new X509Certificate(certificatePem);
  const ca = new X509Certificate(caPem);
  if (!certificate.checkIssued(ca) || !certificate.verify(ca.publicKey)) return "another CA";
  if (Date.parse(certificate.validTo) - now < RENEW_BEFORE_MS) return "near its end";
  const has = (certificate.subjectAltName ?? "").split(", ").filter((name) => name !== "").sort();
  const want = [
    ...(identity.dnsNames ?? []).map((name) => `DNS:${name}`),
    ...(identity.addresses ?? []).map((address) => `IP Address:${address}`),
  ];
  const isSame = has.join() === [...new Set(want)].sort().join();
  return isSame ? undefined : "other names";
}

/**
 * Makes what is missing, stale or for other names in `folder`; keys are for root alone. The second of two
 * calls reads four files and writes none. @returns the files that were made
 */
export async function ensurePki(
  folder: string,
  names: ClusterNames,
  now: number,
): Promise<string[]> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const made: string[] = [];
  let caPem = await readIfThere(`${folder}/${CA_FILE}.crt`);
  if (caPem === undefined) {
    caPem = await makeCa(folder, names.clusterName, now);
    made.push(CA_FILE);
  }
  for (const identity of identitiesOf(names)) {
    const pem = await readIfThere(`${folder}/${identity.file}.crt`);
    if (reasonToRenew(identity, pem, caPem, now) === undefined) continue;
    await issue(folder, identity, caPem, now);
    made.push(identity.file);
  }
  return made;
}

/** PEM texts, in the names of `node:tls`. `ca` is the authority of the other side. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export async function readTls(folder: string, file: string): Promise<TlsFiles> {
  const read = (name: string) => Deno.readTextFile(`${folder}/${name}`);
  const [ca, cert, key] = await Promise.all([
    read(`${CA_FILE}.crt`),
    read(`${file}.crt`),
    read(`${file}.key`),
  ]);
  return { ca, cert, key };
}

export const SIGNING = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Slow to load and rarely needed: only when something is issued. It asks for the polyfill before itself. */
export async function loadX509(): Promise<typeof import("@peculiar/x509")> {
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}

async function newKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(SIGNING, true, ["sign", "verify"]) as CryptoKeyPair;
}

async function makeCa(folder: string, clusterName: string, now: number): Promise<string> {
  const x509 = await loadX509();
  const keys = await newKeys();
  const { keyCertSign, cRLSign, digitalSignature } = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: nameOf(`${clusterName}-ca`),
    notBefore: new Date(now - CLOCK_SKEW_MS),
    notAfter: new Date(now + CA_LIFE_MS),
    signingAlgorithm: SIGNING,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign | digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return await store(folder, CA_FILE, certificate.toString("pem"), keys.privateKey);
}

async function issue(
  folder: string,
  identity: Identity,
  caPem: string,
  now: number,
): Promise<void> {
  const x509 = await loadX509();
  const ca = new x509.X509Certificate(caPem);
  const keys = await newKeys();
  const usage = identity.usage === "server"
    ? x509.ExtendedKeyUsage.serverAuth
    : x509.ExtendedKeyUsage.clientAuth;
  const names = [
    ...(identity.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(identity.addresses ?? []).map((value) => ({ type: "ip" as const, value })),
  ].filter(({ value }, at, all) => all.findIndex((other) => other.value === value) === at);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject: nameOf(identity.commonName, identity.organization),
    issuer: ca.subjectName,
    notBefore: new Date(now - CLOCK_SKEW_MS),
    notAfter: new Date(now + LIFE_MS),
    signingAlgorithm: SIGNING,
    publicKey: keys.publicKey,
    signingKey: await readKey(`${folder}/${CA_FILE}.key`),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  await store(folder, identity.file, certificate.toString("pem"), keys.privateKey);
}

function nameOf(commonName: string, organization?: string): { [type: string]: string[] }[] {
  return [...(organization === undefined ? [] : [{ O: [organization] }]), { CN: [commonName] }];
}

/** 16 random bytes, positive. */
export function newSerialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = bytes[0]! & 0x7f | 0x40;
  return bytes.toHex();
}

async function store(
  folder: string,
  file: string,
  certificatePem: string,
  key: CryptoKey,
): Promise<string> {
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key)).toBase64();
  const lines = pkcs8.match(/.{1,64}/g)!.join("\n");
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`;
  await writeWhole(`${folder}/${file}.key`, keyPem, 0o600);
  await writeWhole(`${folder}/${file}.crt`, `${certificatePem}\n`, 0o644);
  return certificatePem;
}

export async function readKey(file: string): Promise<CryptoKey> {
  const base64 = (await Deno.readTextFile(file)).replace(/-----[^-]+-----|\s/g, "");
  return await crypto.subtle.importKey("pkcs8", Uint8Array.fromBase64(base64), SIGNING, true, [
    "sign",
  ]);
}
