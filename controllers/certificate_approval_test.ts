import assert from "node:assert/strict";
import type { CertificateSigningRequest } from "../api/types/certificates_v1.ts";
import type { Endpoints, Node } from "../api/types/core_v1.ts";
import { isToJudge, judge, withVerdict } from "./certificate_approval.ts";
import type { Asked } from "./certificate_signing.ts";
import { cacheOf } from "./fake_cluster.ts";

const CLIENT = "kubernetes.io/kube-apiserver-client-kubelet";
const SERVING = "kubernetes.io/kubelet-serving";
const TOKEN = { username: "system:bootstrap:abcdef", groups: ["system:bootstrappers"] };
const NODE_A = { username: "system:node:a", groups: ["system:nodes", "system:authenticated"] };
const USER = { username: "eve", groups: ["system:authenticated"] };

const WORLD = cacheOf([nodeAt("ready", "192.0.2.8", "True"), nodeAt("silent", "192.0.2.9"), {
  apiVersion: "v1",
  kind: "Endpoints",
  metadata: { name: "kubernetes", namespace: "default" },
  subsets: [{ addresses: [{ ip: "192.0.2.1" }] }],
} as Endpoints]);

const CASES: {
  name: string;
  from: { username: string; groups: string[] };
  signer?: string;
  asked?: Partial<Asked>;
  want: RegExp | undefined;
}[] = [
  { name: "a token makes a new node", from: TOKEN, want: /^Approved: Auto approving node/ },
  {
    name: "a token takes over a node that is silent",
    from: TOKEN,
    asked: { commonName: "system:node:silent" },
    want: /^Approved/,
  },
  {
    name: "a token does not take over a node that is Ready",
    from: TOKEN,
    asked: { commonName: "system:node:ready" },
    want: /^Denied: node ready is there and Ready/,
  },
  {
    name: "a token makes no administrator",
    from: TOKEN,
    asked: { commonName: "admin", organizations: ["system:masters"] },
    want: /^Denied: subject must be O=system:nodes/,
  },
  {
    name: "a token makes no node by the name of the API",
    from: TOKEN,
    asked: { commonName: "system:node:kubernetes.default.svc" },
    want: /^Denied: no node may be called/,
  },
  { name: "a token gets no serving certificate", from: TOKEN, signer: SERVING, want: undefined },
  { name: "somebody else has to wait for a person", from: USER, want: undefined },
  { name: "a node renews its own", from: NODE_A, want: /^Approved: Auto approving self node/ },
  {
    name: "a node gets none for another",
    from: NODE_A,
    asked: { commonName: "system:node:b" },
    want: undefined,
  },
  {
    name: "the name of a node without its group is nobody",
    from: { ...NODE_A, groups: [] },
    want: undefined,
  },
  {
    name: "a node serves at its own name and addresses",
    from: NODE_A,
    signer: SERVING,
    asked: { dnsNames: ["a", "localhost"], addresses: ["127.0.0.1", "192.0.2.7"] },
    want: /^Approved/,
  },
  {
    name: "not at the address of another node",
    from: NODE_A,
    signer: SERVING,
    asked: { addresses: ["192.0.2.8"] },
    want: /^Denied: 192.0.2.8 is an address of node ready/,
  },
  {
    name: "not at the address of the API",
    from: NODE_A,
    signer: SERVING,
    asked: { addresses: ["192.0.2.1"] },
    want: /^Denied: 192.0.2.1 is an address of the API server/,
  },
  {
    name: "not under another name",
    from: NODE_A,
    signer: SERVING,
    asked: { dnsNames: ["kubernetes"] },
    want: /^Denied: kubernetes is not the name of node a/,
  },
];

for (const { name, from, signer = CLIENT, asked = {}, want } of CASES) {
  Deno.test(`certificate approval: ${name}`, () => {
    const usage = signer === CLIENT ? "client auth" : "server auth";
    const request = requestOf({ ...from, signerName: signer, usages: [usage] });
    const said: Asked = {
      commonName: "system:node:a",
      organizations: ["system:nodes"],
      dnsNames: [],
      addresses: [],
      otherNames: 0,
      ...asked,
    };
    const verdict = judge(request, said, WORLD);
    if (want === undefined) assert.equal(verdict, undefined);
    else assert.match(`${verdict?.type}: ${verdict?.message}`, want);
  });
}

Deno.test("certificate approval: judges once, and only what nodes ask for", () => {
  const request = requestOf({ ...TOKEN, signerName: CLIENT, usages: ["client auth"] });
  assert.ok(isToJudge(request));
  assert.ok(!isToJudge(withVerdict(request, { type: "Approved", message: "" }, 0)));
  const other = requestOf({ ...TOKEN, signerName: "example.com/x", usages: ["client auth"] });
  assert.ok(!isToJudge(other));
});

function requestOf(
  spec: Omit<CertificateSigningRequest["spec"], "request">,
): CertificateSigningRequest {
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: "r" },
    spec: { request: "", ...spec },
  };
}

function nodeAt(name: string, address: string, ready = "Unknown"): Node {
  const conditions = [{ type: "Ready", status: ready }];
  const addresses = [{ type: "InternalIP" as const, address }];
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
    spec: {},
    status: { conditions, addresses },
  } as Node;
}
