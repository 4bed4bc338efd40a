import assert from "node:assert/strict";
import { startMaster, until } from "../fixtures/master.ts";
import { startApi } from "./harness.ts";

const CSRS = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const PEM = btoa(
  "-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----\n",
);

Deno.test("certificates: a request says who made it, and only who may approve does", async () => {
  const jane = { name: "jane", groups: ["dev"] };
  await using api = await startApi({
    tokens: new Map([
      ["admin-token", { name: "admin", groups: ["system:masters"] }],
      ["jane", jane],
    ]),
  });
  const asJane = { authorization: "Bearer jane" };
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const rules = [{
    apiGroups: ["certificates.k8s.io"],
    resources: ["certificatesigningrequests", "certificatesigningrequests/approval"],
    verbs: ["create", "get", "update"],
  }];
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const metadata = { name: "csr" };
  await api.call("POST", `${rbac}/clusterroles`, {
    ...{ apiVersion, kind: "ClusterRole", metadata, rules },
  });
  await api.call("POST", `${rbac}/clusterrolebindings`, {
    ...{ apiVersion, kind: "ClusterRoleBinding", metadata },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "csr" },
    subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "jane" }],
  });
  const asked = {
    ...requestNamed("a", PEM),
    status: { conditions: [{ type: "Approved", status: "True" }] },
  };
  asked.spec = { ...asked.spec, username: "root", groups: ["system:masters"] } as typeof asked.spec;
  const { code, body } = await api.call("POST", CSRS, asked, asJane);
  assert.equal(code, 201);
  assert.equal(body.spec.username, "jane");
  assert.deepEqual(body.spec.groups, ["dev", "system:authenticated"]);
  assert.deepEqual(body.status, {});
  const approval = { ...body, status: { conditions: [{ type: "Approved", status: "True" }] } };
  const refused = await api.call("PUT", `${CSRS}/a/approval`, approval, asJane);
  assert.equal(refused.code, 403);
  assert.match(refused.body.message, /user not permitted to approve requests with signerName/);
  assert.equal((await api.call("PUT", `${CSRS}/a/approval`, approval)).code, 200);
  const { body: denied } = await api.call("GET", `${CSRS}/a`);
  denied.status.conditions.push({ type: "Denied", status: "True" });
  const both = await api.call("PUT", `${CSRS}/a/approval`, denied);
  assert.equal(both.code, 422);
  assert.match(both.body.message, /mutually exclusive/);
});

Deno.test("certificates: an approved request becomes a certificate that opens the door", async () => {
  const master = await startMaster();
  try {
    const { pem, keyPem } = await newRequest("CN=jane,O=dev");
    const send = (method: string, path: string, body: unknown) =>
      master.fetch(path, {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const made = await (await send("POST", CSRS, requestNamed("jane", btoa(pem)))).json();
    const conditions = [{ type: "Approved", status: "True", reason: "Test" }];
    await (await send("PUT", `${CSRS}/jane/approval`, { ...made, status: { conditions } })).json();
    const cert = await until(async () => {
      const { status } = await (await master.fetch(`${CSRS}/jane`)).json();
      return status.certificate === undefined ? undefined : atob(status.certificate);
    });
    using client = Deno.createHttpClient({ caCerts: [master.ca], cert, key: keyPem });
    const answer = await fetch(`${master.url}/apis/authentication.k8s.io/v1/selfsubjectreviews`, {
      client,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" }),
    });
    const { status } = await answer.json();
    assert.equal(status.userInfo.username, "jane");
    assert.ok(status.userInfo.groups.includes("dev"));
  } finally {
    await master.stop();
  }
});

function requestNamed(name: string, request: string) {
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name },
    spec: { request, signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth"] },
  };
}

async function newRequest(name: string): Promise<{ pem: string; keyPem: string }> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const signingAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ["sign", "verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    ...{ name, keys, signingAlgorithm },
  });
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toBase64();
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`;
  return { pem: request.toString("pem"), keyPem };
}
