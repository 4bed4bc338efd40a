import assert from "node:assert/strict";
import { type Json, startApi } from "./harness.ts";
import { type As, as, grant, GROUP, isRefused, must, RBAC } from "./rights.ts";

const DEFAULT = "/api/v1/namespaces/default";

Deno.test("rbac: rules allow what they name and nothing else", async () => {
  await using api = await startApi();
  await grant(api, "cluster", [
    { apiGroups: [""], resources: ["nodes"], verbs: ["get"], resourceNames: ["n1"] },
    { apiGroups: [""], resources: ["services"], verbs: ["list", "watch"] },
    { apiGroups: ["*"], resources: ["*/status"], verbs: ["patch"] },
    { nonResourceURLs: ["/metrics", "/openid/*"], verbs: ["get"] },
  ], "u");
  await grant(
    api,
    "local",
    [
      { apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get", "list"] },
      { apiGroups: [""], resources: ["configmaps"], verbs: ["*"], resourceNames: ["a"] },
    ],
    "u",
    "default",
  );
  const cases: [string, string, boolean][] = [
    ["GET", "/api/v1/nodes/n1", true],
    ["GET", "/api/v1/nodes/n2", false],
    ["GET", "/api/v1/nodes", false],
    ["GET", "/api/v1/services", true],
    ["GET", "/api/v1/namespaces/other/services", true],
    ["GET", `${DEFAULT}/services/a`, false],
    ["PATCH", `${DEFAULT}/pods/a/status`, true],
    ["PATCH", `${DEFAULT}/pods/a`, false],
    ["GET", `${DEFAULT}/pods`, true],
    ["GET", `${DEFAULT}/pods/a`, true],
    ["GET", `${DEFAULT}/pods/a/log`, true],
    ["GET", `${DEFAULT}/pods/a/exec`, false],
    ["GET", "/api/v1/pods", false],
    ["GET", "/api/v1/namespaces/other/pods", false],
    ["DELETE", `${DEFAULT}/pods/a`, false],
    ["DELETE", `${DEFAULT}/pods`, false],
    ["GET", `${DEFAULT}/configmaps/a`, true],
    ["GET", `${DEFAULT}/configmaps?fieldSelector=metadata.name%3Da`, true],
    ["GET", `${DEFAULT}/configmaps?fieldSelector=metadata.name%3Db`, false],
    ["GET", `${DEFAULT}/configmaps`, false],
    ["POST", `${DEFAULT}/configmaps`, false],
    ["GET", "/metrics", true],
    ["GET", "/openid/v1/jwks", true],
    ["GET", "/version", true],
    ["GET", "/apis", true],
    ["GET", "/secret", false],
  ];
  for (const [method, path, isAllowed] of cases) {
    assert.equal(await isRefused(api, [method, path], as("u")), !isAllowed, `${method} ${path}`);
  }
});

Deno.test("rbac: a change holds from its answer on", async () => {
  await using api = await startApi();
  const wants = ["GET", `${DEFAULT}/pods`] as const;
  const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }];
  for (let round = 0; round < 3; round += 1) {
    assert.equal(await isRefused(api, wants, as("u")), true);
    await grant(api, "r", rules, "u", "default");
    assert.equal(await isRefused(api, wants, as("u")), false);
    await api.call("DELETE", `${RBAC}/namespaces/default/roles/r`);
    const { body } = await api.call("GET", wants[1], undefined, as("u"));
    assert.equal(
      body.message,
      'pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace ' +
        '"default": RBAC: role.rbac.authorization.k8s.io "r" not found',
    );
    await api.call("DELETE", `${RBAC}/namespaces/default/rolebindings/r`);
  }
});

Deno.test("rbac: subjects are users, groups and service accounts", async () => {
  await using api = await startApi();
  await must(api, "POST", `${RBAC}/namespaces/default/rolebindings`, {
    metadata: { name: "views" },
    roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: "view" },
    subjects: [
      { kind: "Group", name: "team" },
      { kind: "ServiceAccount", name: "sa", namespace: "other" },
      { kind: "ServiceAccount", name: "here" },
    ],
  });
  const wants = ["GET", `${DEFAULT}/pods`] as const;
  const cases: [As, boolean][] = [
    [as("a", "team"), true],
    [as("team"), false],
    [as("system:serviceaccount:other:sa"), true],
    [as("system:serviceaccount:default:sa"), false],
    [as("system:serviceaccount:default:here"), true],
  ];
  for (const [who, isAllowed] of cases) {
    assert.equal(await isRefused(api, wants, who), !isAllowed, JSON.stringify(who));
  }
  assert.equal(await isRefused(api, ["GET", `${DEFAULT}/secrets`], as("a", "team")), true);
});

Deno.test("rbac: objects are validated in Kubernetes's words, and a binding keeps its role", async () => {
  await using api = await startApi();
  const cases: [string, Json, string][] = [
    ["clusterroles", { metadata: { name: "a/b" } }, "may not contain '/'"],
    ["clusterroles", { metadata: { name: "x" }, rules: [{ verbs: [] }] }, "must contain at least"],
    [
      "clusterroles",
      { metadata: { name: "x" }, rules: [{ verbs: ["get"], resources: ["a"] }] },
      "resource rules must supply at least one api group",
    ],
    [
      "clusterroles",
      {
        metadata: { name: "x" },
        rules: [{ verbs: ["get"], nonResourceURLs: ["/"], apiGroups: [""] }],
      },
      "rules cannot apply to both regular resources and non-resource URLs",
    ],
    [
      "clusterroles",
      { metadata: { name: "x" }, aggregationRule: {} },
      "clusterRoleSelector required",
    ],
    [
      "clusterrolebindings",
      { metadata: { name: "x" }, roleRef: { apiGroup: GROUP, kind: "Role", name: "r" } },
      'roleRef.kind: Unsupported value: "Role"',
    ],
    [
      "clusterrolebindings",
      {
        metadata: { name: "x" },
        roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: "r" },
        subjects: [{ kind: "ServiceAccount", name: "a" }, { kind: "Robot", name: "b" }],
      },
      "subjects[0].namespace: Required value",
    ],
  ];
  for (const [resource, body, why] of cases) {
    const { code, body: answer } = await api.call("POST", `${RBAC}/${resource}`, body);
    assert.equal(code, 422, JSON.stringify(answer));
    assert.ok(answer.message.includes(why), answer.message);
  }
});

Deno.test("rbac: nobody grants more than they hold, unless they may", async () => {
  await using api = await startApi();
  const roles = `${RBAC}/namespaces/default/roles`;
  const bindings = `${RBAC}/namespaces/default/rolebindings`;
  const pods = (name: string, ...verbs: string[]) => ({
    metadata: { name },
    rules: [{ apiGroups: [""], resources: ["pods"], verbs }],
  });
  const binding = (name: string, role: string) => ({
    metadata: { name },
    roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: role },
    subjects: [{ kind: "User", name: "other" }],
  });
  await grant(
    api,
    "granter",
    [
      { apiGroups: [GROUP], resources: ["roles", "rolebindings"], verbs: ["*"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
    ],
    "g",
    "default",
  );
  const code = async (method: string, path: string, body: Json) =>
    (await api.call(method, path, body, as("g"))).code;
  await api.call("DELETE", `${roles}/granter`);
  await must(api, "POST", roles, {
    metadata: { name: "granter" },
    rules: [
      { apiGroups: [GROUP], resources: ["roles", "rolebindings"], verbs: ["create", "update"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
    ],
  });
  assert.equal(await code("POST", roles, pods("same", "get", "list")), 201);
  assert.equal(await code("POST", roles, pods("wider", "get", "delete")), 403);
  assert.equal(await code("PUT", `${roles}/same`, pods("same", "*")), 403);
  assert.equal(await code("PUT", `${roles}/new`, pods("new", "*")), 403);
  assert.equal(await code("POST", bindings, binding("b", "view")), 403);
  assert.equal(await code("POST", bindings, binding("b", "nothing")), 404);
  await grant(api, "powers", [
    { apiGroups: [GROUP], resources: ["roles"], verbs: ["escalate"] },
    { apiGroups: [GROUP], resources: ["clusterroles"], verbs: ["bind"], resourceNames: ["view"] },
  ], "g");
  assert.equal(await code("POST", roles, pods("wider", "get", "delete")), 201);
  assert.equal(await code("POST", bindings, binding("b", "view")), 201);
  assert.equal(await code("POST", bindings, binding("c", "edit")), 403);
});

Deno.test("rbac: who updates or applies what is not there needs to be allowed to create it", async () => {
  await using api = await startApi();
  const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  const lease = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "a" },
    spec: {},
  };
  const rule = { apiGroups: ["coordination.k8s.io"], resources: ["leases"] };
  await grant(api, "r", [{ ...rule, verbs: ["update", "patch"] }], "u");
  const put = () => api.call("PUT", `${leases}/a`, lease, as("u"));
  const apply = () =>
    api.call("PATCH", `${leases}/a?fieldManager=t`, lease, {
      ...as("u"),
      "content-type": "application/apply-patch+yaml",
    });
  for (const write of [put, apply]) {
    const { code, body } = await write();
    assert.equal(code, 403);
    assert.match(body.message, /User "u" cannot create resource "leases"/);
  }
  await must(api, "POST", leases, lease);
  for (const write of [put, apply]) assert.equal((await write()).code, 200);
  await api.call("DELETE", `${leases}/a`);
  await grant(api, "c", [{ ...rule, verbs: ["create"] }], "u");
  assert.equal((await put()).code, 201);
});

Deno.test("rbac: default roles come back at a start with what they lack", async () => {
  await using api = await startApi();
  const path = `${RBAC}/clusterroles/system:basic-user`;
  const { body: role } = await api.call("GET", path);
  const own = { apiGroups: ["x"], resources: ["y"], verbs: ["get"] };
  await must(api, "PUT", path, { ...role, rules: [own] });
  await api.call("DELETE", `${RBAC}/clusterrolebindings/system:discovery`);
  await api.api.bootstrap([]);
  const { body: again } = await api.call("GET", path);
  assert.deepEqual(again.rules[0], own);
  assert.equal(again.rules.length > 1, true);
  assert.equal((await api.call("GET", `${RBAC}/clusterrolebindings/system:discovery`)).code, 200);
  const before = api.store.revision;
  await api.api.bootstrap([]);
  assert.equal(api.store.revision, before, "nothing to do");
});

Deno.test("impersonation: each part has to be allowed", async () => {
  await using api = await startApi({
    tokens: new Map([
      ["admin-token", { name: "admin", groups: ["system:masters"] }],
      ["u-token", { name: "u", groups: [] }],
    ]),
  });
  await grant(api, "as", [
    { apiGroups: [""], resources: ["users"], verbs: ["impersonate"], resourceNames: ["a"] },
    { apiGroups: [""], resources: ["groups"], verbs: ["impersonate"], resourceNames: ["g"] },
    {
      apiGroups: ["authentication.k8s.io"],
      resources: ["userextras/scopes"],
      verbs: ["impersonate"],
    },
  ], "u");
  const who = async (headers: As) => {
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const all = { ...headers, authorization: "Bearer u-token" };
    const { code, body } = await api.call("POST", path, {}, all);
    return code === 201 ? body.status.userInfo : body.message;
  };
  assert.equal((await who({})).username, "u");
  assert.deepEqual(await who({ ...as("a", "g"), "impersonate-extra-scopes": "x" }), {
    username: "a",
    groups: ["g", "system:authenticated"],
    extra: { scopes: ["x"] },
  });
  assert.equal(
    await who(as("b")),
    'users "b" is forbidden: User "u" cannot impersonate resource "users" in API group "" at the ' +
      "cluster scope",
  );
  assert.match(await who(as("a", "system:masters")), /^groups "system:masters" is forbidden/);
  assert.match(
    await who({ ...as("a"), "impersonate-uid": "1" }),
    /^uids\.authentication\.k8s\.io "1"/,
  );
  assert.match(await who({ ...as("a"), "impersonate-extra-other": "x" }), /userextras\/other/);
  assert.match(await who({ "impersonate-group": "g" }), /without impersonating a user/);
  assert.match(
    await who(as("system:serviceaccount:default:x")),
    /^serviceaccounts "x" is forbidden/,
  );
});

Deno.test("reviews: of others, of oneself, and of a namespace", async () => {
  await using api = await startApi();
  await grant(api, "r", [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }], "u", "default");
  const ask = async (path: string, spec: Json, who: As = {}) => {
    const { body } = await api.call("POST", `/apis/authorization.k8s.io/v1/${path}`, { spec }, who);
    return body.status?.allowed ?? body.message;
  };
  const pods = { resource: "pods", verb: "get", namespace: "default" };
  assert.equal(await ask("subjectaccessreviews", { user: "u", resourceAttributes: pods }), true);
  assert.equal(await ask("subjectaccessreviews", { user: "v", resourceAttributes: pods }), false);
  assert.equal(await ask("selfsubjectaccessreviews", { resourceAttributes: pods }, as("u")), true);
  const paths = { nonResourceAttributes: { path: "/healthz", verb: "get" } };
  assert.equal(await ask("selfsubjectaccessreviews", paths, as("u")), true);
  const local = "namespaces/default/localsubjectaccessreviews";
  assert.equal(await ask(local, { user: "u", resourceAttributes: pods }), true);
  const elsewhere = { ...pods, namespace: "other" };
  assert.match(await ask(local, { user: "u", resourceAttributes: elsewhere }), /must match/);
  assert.match(
    await ask("subjectaccessreviews", { resourceAttributes: pods }),
    /at least one of user/,
  );
  assert.match(await ask("selfsubjectaccessreviews", {}), /exactly one of/);
  assert.match(
    await ask("subjectaccessreviews", { user: "u", resourceAttributes: pods }, as("u")),
    /cannot create resource "subjectaccessreviews"/,
  );
});
