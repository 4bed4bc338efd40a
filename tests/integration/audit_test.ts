import assert from "node:assert/strict";
import type { AuditRule } from "../../api/audit/policy.ts";
import { startApi } from "./harness.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const RULES: AuditRule[] = [
  { level: "None", users: ["quiet"] },
  { level: "RequestResponse", resources: [{ group: "", resources: ["configmaps"] }] },
  { level: "Request", resources: [{ group: "", resources: ["services"] }] },
  { level: "Metadata", resources: [{ group: "", resources: ["secrets", "pods"] }] },
  { level: "Metadata", verbs: ["get"], nonResourceURLs: ["/metrics"] },
];

Deno.test("audit: who did what, as much of it as the rules say", async () => {
  const lines: string[] = [];
  const sink = (line: string) => void lines.push(line);
  await using api = await startApi({ audit: { rules: RULES, sink } });
  const next = () => {
    assert.equal(lines.length, 1, lines.join("\n"));
    return JSON.parse(lines.pop()!);
  };
  const metadata = { name: "a" };
  await api.call("POST", `${CONFIG_MAPS}?dryRun=All`, { metadata, data: { x: "y" } });
  const created = next();
  assert.deepEqual(
    [created.kind, created.level, created.stage, created.verb, created.requestURI],
    ["Event", "RequestResponse", "ResponseComplete", "create", `${CONFIG_MAPS}?dryRun=All`],
  );
  assert.equal(created.user.username, "admin");
  assert.deepEqual(created.objectRef, { resource: "configmaps", namespace: "default" });
  assert.deepEqual(created.requestObject.data, { x: "y" });
  assert.equal(created.responseObject.metadata.namespace, "default");
  assert.equal(created.responseStatus.code, 201);

  await api.call("POST", "/api/v1/namespaces/default/services", { metadata, spec: {} });
  const refused = next();
  assert.deepEqual([refused.level, refused.responseStatus.code], ["Request", 422]);
  assert.deepEqual(refused.requestObject.metadata, metadata);
  assert.equal(refused.responseObject, undefined);

  const secret = { metadata, stringData: { password: "hidden" } };
  await api.call("POST", "/api/v1/namespaces/default/secrets", secret, { "user-agent": "t" });
  assert.equal(lines[0]?.includes("hidden"), false);
  assert.equal(next().userAgent, "t");

  const as = { "impersonate-user": "jane" };
  await api.call("DELETE", "/api/v1/namespaces/default/pods/x", undefined, as);
  const denied = next();
  assert.deepEqual([denied.user.username, denied.impersonatedUser.username], ["admin", "jane"]);
  assert.deepEqual([denied.verb, denied.responseStatus.code, denied.objectRef.name], [
    "delete",
    403,
    "x",
  ]);

  const watch = await api.watch("/api/v1/namespaces/default/pods?watch=1");
  assert.equal(next().stage, "ResponseStarted");
  await watch.close();
  await api.call("GET", "/metrics", undefined, { authorization: "Bearer wrong" });
  const unknown = next();
  assert.deepEqual([unknown.user, unknown.responseStatus.code], [{}, 401]);
  await api.call("GET", "/version");
  assert.deepEqual(lines, [], "no rule matches");
});
