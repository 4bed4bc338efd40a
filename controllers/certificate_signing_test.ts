import assert from "node:assert/strict";
import type { CertificateSigningRequest } from "../api/types/certificates_v1.ts";
import {
  type Asked,
  certificateRequestCleaner,
  isToSign,
  reasonsAgainst,
} from "./certificate_signing.ts";
import { worldOf } from "./fake_cluster.ts";

const CLIENT = "kubernetes.io/kube-apiserver-client";
const KUBELET = "kubernetes.io/kube-apiserver-client-kubelet";
const SERVING = "kubernetes.io/kubelet-serving";
const NODE: Partial<Asked> = { commonName: "system:node:n1", organizations: ["system:nodes"] };

interface Case {
  readonly name: string;
  readonly signer: string;
  readonly usages: string[];
  readonly asked?: Partial<Asked>;
  readonly want: RegExp | undefined;
}

// deno-fmt-ignore
const CASES: readonly Case[] = [
  { name: "a client",                           signer: CLIENT,  usages: ["client auth"], want: undefined },
  { name: "a client with usages of its key",    signer: CLIENT,  usages: ["client auth", "digital signature", "key encipherment"], want: undefined },
  { name: "a client that would serve",          signer: CLIENT,  usages: ["client auth", "server auth"], want: /"server auth" is not for this signer/ },
  { name: "a client without its usage",         signer: CLIENT,  usages: ["digital signature"], want: /lack "client auth"/ },
  { name: "nobody becomes a master",            signer: CLIENT,  usages: ["client auth"], asked: { organizations: ["system:masters"] }, want: /system:masters/ },
  { name: "an agent",                           signer: KUBELET, usages: ["client auth", "digital signature"], asked: NODE, want: undefined },
  { name: "an agent under another name",        signer: KUBELET, usages: ["client auth"], asked: { ...NODE, commonName: "n1" }, want: /CN=system:node:NAME/ },
  { name: "an agent in one group too many",     signer: KUBELET, usages: ["client auth"], asked: { ...NODE, organizations: ["system:nodes", "x"] }, want: /O=system:nodes/ },
  { name: "an agent's client has no addresses", signer: KUBELET, usages: ["client auth"], asked: { ...NODE, addresses: ["10.0.0.1"] }, want: /not for clients/ },
  { name: "an agent's server",                  signer: SERVING, usages: ["server auth"], asked: { ...NODE, addresses: ["10.0.0.1"] }, want: undefined },
  { name: "an agent's server without names",    signer: SERVING, usages: ["server auth"], asked: NODE, want: /names are missing/ },
  { name: "an agent's server with other names", signer: SERVING, usages: ["server auth"], asked: { ...NODE, dnsNames: ["n1"], otherNames: 1 }, want: /only DNS names/ },
  { name: "an agent asks for another",          signer: SERVING, usages: ["server auth"], asked: { ...NODE, commonName: "system:node:n2", dnsNames: ["n2"] }, want: /for itself alone/ },
];

for (const { name, signer, usages, asked, want } of CASES) {
  Deno.test(`certificates: ${name}`, () => {
    const request = requestFor(signer, usages);
    const names = { dnsNames: [], addresses: [], otherNames: 0 };
    const says = reasonsAgainst(request, {
      ...{ commonName: "jane", organizations: [], ...names },
      ...asked,
    }).join("; ");
    if (want === undefined) assert.equal(says, "");
    else assert.match(says, want);
  });
}

Deno.test("certificates: what is approved is signed, once, by its own signer", () => {
  const approved = withConditions("Approved");
  assert.equal(isToSign(approved), true);
  assert.equal(isToSign(withConditions()), false);
  assert.equal(isToSign(withConditions("Denied")), false);
  assert.equal(isToSign(withConditions("Approved", "Failed")), false);
  const issued = { ...approved, status: { ...approved.status, certificate: "eA==" } };
  assert.equal(isToSign(issued), false);
  const foreign = { ...approved, spec: { ...approved.spec, signerName: "example.org/x" } };
  assert.equal(isToSign(foreign), false);
});

Deno.test("certificates: requests go an hour after the decision, a day after the question", () => {
  const writesAt = (request: CertificateSigningRequest, hours: number) =>
    certificateRequestCleaner.plan(request, worldOf([], { now: hours * 3_600_000 })).writes.length;
  assert.deepEqual([0.9, 1].map((at) => writesAt(withConditions("Approved"), at)), [0, 1]);
  assert.deepEqual([23, 24].map((at) => writesAt(withConditions(), at)), [0, 1]);
});

function requestFor(signerName: string, usages: string[]): CertificateSigningRequest {
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: "a", creationTimestamp: "1970-01-01T00:00:00Z" },
    spec: { request: "", signerName, usages, username: "system:node:n1" },
  };
}

function withConditions(...types: string[]): CertificateSigningRequest {
  const lastUpdateTime = "1970-01-01T00:00:00Z";
  const conditions = types.map((type) => ({ type, status: "True", lastUpdateTime }));
  return { ...requestFor(CLIENT, ["client auth"]), status: { conditions } };
}
