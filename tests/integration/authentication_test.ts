import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { SigningKey } from "../../api/authentication/signing_key.ts";
import type { Clock } from "../../api/types/ambient.ts";
import { signerBeside } from "../../cmd/signing_key.ts";
import { ADMIN_TOKEN, CLOCK, type Harness, type Json, podNamed, startApi } from "./harness.ts";

const DEFAULT = "/api/v1/namespaces/default";
const ISSUER = "https://kubernetes.default.svc.cluster.local";

/** A clock that a test moves ahead. */
function movable(): Clock & { ahead: number } {
  const clock = {
    ...CLOCK,
    ahead: 0,
    now: () => CLOCK.now() + clock.ahead,
  };
  return clock;
}

async function accountOf(api: Harness, name = "builder") {
  const { body } = await api.call("POST", `${DEFAULT}/serviceaccounts`, { metadata: { name } });
  return body;
}

async function tokenOf(api: Harness, spec: Json = {}, name = "builder"): Promise<string> {
  const path = `${DEFAULT}/serviceaccounts/${name}/token`;
  const { code, body } = await api.call("POST", path, { spec });
  assert.equal(code, 201, JSON.stringify(body));
  return body.status.token;
}

/** Who the API takes the bearer for; undefined for nobody. */
async function bearer(api: Harness, token: string) {
  const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const { code, body } = await api.call("POST", path, {}, { authorization: `Bearer ${token}` });
  assert.ok(code === 201 || code === 401, String(code));
  return body.status?.userInfo;
}

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString());

Deno.test("tokens: a service account is known by one, and by nothing that only looks like it", async () => {
  await using api = await startApi();
  const { metadata: { uid } } = await accountOf(api);
  const token = await tokenOf(api, { audiences: [ISSUER, "vault"], expirationSeconds: 600 });
  const { extra, ...user } = await bearer(api, token);
  assert.deepEqual(user, {
    username: "system:serviceaccount:default:builder",
    uid,
    groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
  });
  assert.deepEqual(Object.keys(extra), ["authentication.kubernetes.io/credential-id"]);
  const claims = claimsOf(token);
  assert.equal(claims.exp - claims.iat, 600);
  assert.deepEqual(claims.aud, [ISSUER, "vault"]);
  assert.deepEqual(claims["kubernetes.io"], {
    namespace: "default",
    serviceaccount: { name: "builder", uid },
  });
  const [header = "", , signature = ""] = token.split(".");
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const forged = encoded({ ...claims, sub: "system:serviceaccount:kube-system:root" });
  const none = encoded({ alg: "none" });
  for (
    const wrong of [
      `${header}.${forged}.${signature}`,
      `${none}.${token.split(".")[1]}.`,
      `${token}x`,
      `${token}.x`,
      token.slice(0, -2),
      "ey",
      "ey..",
      `ey${"a".repeat(20_000)}`,
    ]
  ) {
    assert.equal(await bearer(api, wrong), undefined, wrong.slice(0, 40));
  }
  await using other = await startApi();
  assert.equal(await bearer(other, token), undefined, "another cluster's key");
});

Deno.test("tokens: one for others is not for the API, and a review says for whom it is", async () => {
  await using api = await startApi();
  await accountOf(api);
  const token = await tokenOf(api, { audiences: ["vault"] });
  assert.equal(await bearer(api, token), undefined);
  const review = async (spec: Json) => {
    const { body } = await api.call("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {
      spec,
    });
    return body.status;
  };
  const { authenticated, audiences, user } = await review({ token, audiences: ["vault", "x"] });
  assert.deepEqual([authenticated, audiences, user.username], [
    true,
    ["vault"],
    "system:serviceaccount:default:builder",
  ]);
  assert.equal((await review({ token })).authenticated, undefined);
  assert.equal((await review({ token: "wrong" })).error, "invalid bearer token");
  assert.equal((await review({ token: "admin-token" })).user.username, "admin");
});

Deno.test("tokens: end in time, with their account, and with what they are bound to", async () => {
  const clock = movable();
  await using api = await startApi({ clock });
  await accountOf(api);
  const spec = { serviceAccountName: "builder", containers: [{ name: "a", image: "b" }] };
  const { body: pod } = await api.call("POST", `${DEFAULT}/pods`, podNamed("web", { spec }));
  const boundTo = { kind: "Pod", apiVersion: "v1", name: "web", uid: pod.metadata.uid };
  const ofPod = await tokenOf(api, { boundObjectRef: boundTo });
  const short = await tokenOf(api, { expirationSeconds: 600 });
  const long = await tokenOf(api, { expirationSeconds: 86_400 });
  const { extra } = await bearer(api, ofPod);
  assert.deepEqual(extra["authentication.kubernetes.io/pod-name"], ["web"]);
  await api.call("DELETE", `${DEFAULT}/pods/web?gracePeriodSeconds=0`);
  assert.equal(await bearer(api, ofPod), undefined, "the pod is gone");
  await api.call("POST", `${DEFAULT}/pods`, podNamed("web", { spec }));
  assert.equal(await bearer(api, ofPod), undefined, "another pod of this name");
  assert.notEqual(await bearer(api, short), undefined);
  clock.ahead += 601_000;
  assert.equal(await bearer(api, short), undefined, "its time is over");
  assert.notEqual(await bearer(api, long), undefined);
  await api.call("DELETE", `${DEFAULT}/serviceaccounts/builder`);
  await accountOf(api);
  assert.equal(await bearer(api, long), undefined, "another account of this name");
});

Deno.test("tokens: what can't be asked for is refused in Kubernetes's words", async () => {
  await using api = await startApi();
  await accountOf(api);
  await api.call("POST", `${DEFAULT}/pods`, podNamed("web"));
  const cases: [Json, number, RegExp][] = [
    [{ expirationSeconds: 599 }, 422, /may not specify a duration less than 10 minutes/],
    [{ expirationSeconds: 2 ** 33 }, 422, /larger than 2\^32 seconds/],
    [
      { boundObjectRef: { kind: "Job", apiVersion: "batch/v1" } },
      400,
      /cannot bind token to object/,
    ],
    [{ boundObjectRef: { kind: "Pod", name: "no" } }, 404, /pods "no" not found/],
    [{ boundObjectRef: { kind: "Pod", name: "web" } }, 400, /different serviceaccount name/],
    [{ boundObjectRef: { kind: "Node", name: "no" } }, 404, /nodes "no" not found/],
  ];
  for (const [spec, code, why] of cases) {
    const answer = await api.call("POST", `${DEFAULT}/serviceaccounts/builder/token`, { spec });
    assert.equal(answer.code, code, JSON.stringify(answer.body));
    assert.match(answer.body.message, why);
  }
});

Deno.test("tokens: those that are signed beside the serving thread are the same", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const beside = new SigningKey(pem, signerBeside(pem));
  const claims = { sub: "somebody", exp: 7 };
  const token = await beside.signBeside(claims);
  assert.deepEqual(new SigningKey(pem).verified(token), claims);
  assert.deepEqual(beside.verified(new SigningKey(pem).sign(claims)), claims);
});

Deno.test("tokens: one in a secret holds as long as it stands there", async () => {
  await using api = await startApi();
  const { metadata: { uid } } = await accountOf(api);
  const token = api.api.tokenForSecret("default", { name: "builder", uid }, "s");
  assert.equal(await bearer(api, token), undefined, "no such secret");
  const secret = {
    metadata: { name: "s", annotations: { "kubernetes.io/service-account.name": "builder" } },
    type: "kubernetes.io/service-account-token",
    stringData: { token },
  };
  await api.call("POST", `${DEFAULT}/secrets`, secret);
  assert.equal((await bearer(api, token)).username, "system:serviceaccount:default:builder");
  await api.call("PUT", `${DEFAULT}/secrets/s`, { ...secret, stringData: { token: "other" } });
  assert.equal(await bearer(api, token), undefined, "it was replaced");
});

Deno.test("tokens: others check them by the published key", async () => {
  await using api = await startApi();
  await accountOf(api);
  const { body: configuration } = await api.call("GET", "/.well-known/openid-configuration");
  assert.equal(configuration.issuer, ISSUER);
  const { body, headers } = await api.call("GET", "/openid/v1/jwks");
  const { keys: [jwk] } = JSON.parse(body);
  assert.equal(headers.get("content-type"), "application/jwk-set+json");
  const [header = "", payload = "", signature = ""] = (await tokenOf(api)).split(".");
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const options = { key, dsaEncoding: "ieee-p1363" } as const;
  const text = Buffer.from(`${header}.${payload}`);
  assert.equal(verify("sha256", text, options, Buffer.from(signature, "base64url")), true);
});

Deno.test("bootstrap tokens: join a machine while their secret says so", async () => {
  const clock = movable();
  await using api = await startApi({ clock });
  const secrets = "/api/v1/namespaces/kube-system/secrets";
  const good = {
    "token-id": "abcdef",
    "token-secret": "0123456789abcdef",
    "usage-bootstrap-authentication": "true",
    "auth-extra-groups": "system:bootstrappers:workers",
    expiration: new Date(clock.now() + 60_000).toISOString(),
  };
  const put = async (stringData: Json, type = "bootstrap.kubernetes.io/token") => {
    await api.call("DELETE", `${secrets}/bootstrap-token-abcdef`);
    const metadata = { name: "bootstrap-token-abcdef" };
    const { code } = await api.call("POST", secrets, { metadata, type, stringData });
    assert.equal(code, 201);
  };
  const token = "abcdef.0123456789abcdef";
  assert.equal(await bearer(api, token), undefined);
  await put(good);
  assert.deepEqual(await bearer(api, token), {
    username: "system:bootstrap:abcdef",
    groups: ["system:bootstrappers", "system:bootstrappers:workers", "system:authenticated"],
  });
  for (
    const wrong of ["abcdef.0123456789abcdee", "abcdeg.0123456789abcdef", "abcdef", `${token}0`]
  ) {
    assert.equal(await bearer(api, wrong), undefined, wrong);
  }
  clock.ahead += 61_000;
  assert.equal(await bearer(api, token), undefined, "expired");
  const { expiration: _, ...endless } = good;
  await put(endless);
  assert.notEqual(await bearer(api, token), undefined, "without an end");
  await put({ ...good, expiration: "soon" });
  assert.equal(await bearer(api, token), undefined, "an end that can't be read");
  await put({ ...endless, "usage-bootstrap-authentication": "false" });
  assert.equal(await bearer(api, token), undefined, "for something else");
  await put({ ...endless, "auth-extra-groups": "system:masters" });
  assert.equal(await bearer(api, token), undefined, "no group but bootstrappers");
  await put(endless, "Opaque");
  assert.equal(await bearer(api, token), undefined, "of another type");
});

Deno.test("admission: pods get an account that is there, a priority and tolerations", async () => {
  await using api = await startApi();
  const create = (name: string, more: Json) => {
    const spec = { containers: [{ name: "a", image: "b" }], ...more };
    return api.call("POST", `${DEFAULT}/pods`, podNamed(name, { spec }));
  };
  const { body: plain } = await create("plain", {});
  assert.deepEqual([plain.spec.priority, plain.spec.preemptionPolicy], [0, "PreemptLowerPriority"]);
  assert.equal(plain.spec.serviceAccountName, "default");
  const taints = (
    { spec }: { spec: { tolerations: { key: string; tolerationSeconds: number }[] } },
  ) => spec.tolerations.map(({ key, tolerationSeconds }) => `${key} ${tolerationSeconds}`);
  assert.deepEqual(taints(plain), [
    "node.kubernetes.io/not-ready 300",
    "node.kubernetes.io/unreachable 300",
  ]);
  assert.match(plain.spec.volumes[0].name, /^kube-api-access-/);
  const { metadata } = plain;
  const containers = [{ name: "a", image: "b" }];
  const { code } = await api.call("PUT", `${DEFAULT}/pods/plain`, {
    ...podNamed("plain", { spec: { containers } }),
    metadata: { name: metadata.name },
  });
  assert.equal(code, 200, "a manifest that does not say them replaces the pod");
  const own = [{ key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" }];
  const { body: patient } = await create("patient", { tolerations: own });
  assert.equal(patient.spec.tolerations.length, 2);
  const { body: all } = await create("all", { tolerations: [{ operator: "Exists" }] });
  assert.equal(all.spec.tolerations.length, 1);
  const { body: critical } = await create("c", { priorityClassName: "system-node-critical" });
  assert.equal(critical.spec.priority, 2_000_001_000);
  const cases: [Json, string][] = [
    [{ priorityClassName: "none" }, "no PriorityClass with name none was found"],
    [{ priority: 7 }, "the integer value of priority (7) must not be provided"],
    [{ serviceAccountName: "none" }, 'serviceaccount "none" not found'],
  ];
  for (const [more, why] of cases) {
    const { code, body } = await create("refused", more);
    assert.equal(code, 403);
    assert.ok(body.message.startsWith('pods "refused" is forbidden: '), body.message);
    assert.ok(body.message.includes(why), body.message);
  }
});

Deno.test("row 35: probes and the version need no name, everything else does", async () => {
  await using api = await startApi();
  const open = { authorization: "" };
  for (const path of ["/healthz", "/livez", "/readyz", "/version"]) {
    assert.equal((await api.call("GET", path, undefined, open)).code, 200, path);
  }
  for (const path of ["/api", "/apis", "/openapi/v2", "/metrics", "/nowhere"]) {
    assert.equal((await api.call("GET", path, undefined, open)).code, 401, path);
  }
});

Deno.test("auth: only an administrator may act as somebody else", async () => {
  const user = { name: "jane", groups: [] };
  const admin = { name: "admin", groups: ["system:masters"] };
  await using api = await startApi({ tokens: new Map([[ADMIN_TOKEN, admin], ["jane", user]]) });
  const as = (name: string) => ({ authorization: "Bearer jane", "impersonate-user": name });
  const path = `${DEFAULT}/pods`;
  assert.equal((await api.call("GET", path, undefined, as("admin"))).code, 403);
  const allowed = { "impersonate-user": "x", "impersonate-group": "system:masters" };
  assert.equal((await api.call("GET", path, undefined, allowed)).code, 200);
});
