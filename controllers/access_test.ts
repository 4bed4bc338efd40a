import assert from "node:assert/strict";
import type { ConfigMap, Namespace, Secret } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { CLUSTER_ROLES, type ClusterRole } from "../api/types/rbac_v1.ts";
import { CONFIG_MAPS, NAMESPACES, SECRETS, SERVICE_ACCOUNTS } from "../api/types/resources.ts";
import type { Resource } from "../api/types/resources.ts";
import { clusterRoleAggregationController } from "./cluster_role_aggregation.ts";
import type { World } from "./controller.ts";
import { rootCaController } from "./root_ca.ts";
import { serviceAccountTokenController, TOKEN_SECRET } from "./service_account_token.ts";

/** Plans see a cache of these objects and nothing else of the world. */
function worldOf(...all: KubeObject[]): World {
  const of = <T extends KubeObject>({ kind }: Resource<T>, namespace?: string) =>
    all.filter((one) =>
      one.kind === kind && (namespace === undefined || one.metadata.namespace === namespace)
    ) as T[];
  const cache = {
    revisionOf: () => 0,
    list: of,
    labelled: () => [],
    controlledBy: () => [],
    get: <T extends KubeObject>(resource: Resource<T>, namespace: string, name: string) =>
      of(resource).find(({ metadata }) =>
        metadata.name === name && (metadata.namespace ?? "") === namespace
      ),
  };
  return { cache, now: 0, heardAt: undefined, since: () => 0, read: (resource) => of(resource) };
}

function make<T extends KubeObject>(
  { apiVersion, kind }: Resource<T>,
  metadata: KubeObject["metadata"],
  more: object = {},
): T {
  return { apiVersion, kind, metadata, ...more } as T;
}

const rule = (resource: string) => ({ apiGroups: [""], resources: [resource], verbs: ["get"] });
const part = (name: string, labels: Record<string, string>, ...resources: string[]) =>
  make<ClusterRole>(CLUSTER_ROLES, { name, labels }, { rules: resources.map(rule) });
const sum = (rules: unknown[] = []) =>
  make<ClusterRole>(CLUSTER_ROLES, { name: "sum", labels: { to: "sum" } }, {
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: "sum" } }] },
    rules,
  });

Deno.test("aggregation: a sum has the rules of all that it selects, each once, and not its own", () => {
  const parts = [
    part("a", { to: "sum" }, "pods", "nodes"),
    part("b", { to: "sum" }, "pods", "secrets"),
    part("c", { to: "other" }, "services"),
  ];
  const plan = (role: ClusterRole) =>
    clusterRoleAggregationController.plan(role, worldOf(role, ...parts)).writes;
  const wanted = ["pods", "nodes", "secrets"].map(rule);
  assert.deepEqual(plan(sum()), [{ verb: "update", object: sum(wanted) }]);
  assert.deepEqual(plan(sum(wanted)), [], "nothing to do");
  assert.deepEqual(plan(parts[0]!), [], "no sum");
});

Deno.test("root ca: each namespace has the authority, unless it ends", () => {
  const controller = rootCaController("PEM");
  const namespace = make<Namespace>(NAMESPACES, { name: "x" }, { spec: {} });
  const plan = (one: Namespace, ...others: KubeObject[]) =>
    controller.plan(one, worldOf(one, ...others)).writes;
  const [write] = plan(namespace);
  assert.ok(write?.verb === "create");
  const made = write.object as ConfigMap;
  assert.deepEqual([made.metadata.name, made.data], ["kube-root-ca.crt", { "ca.crt": "PEM" }]);
  assert.deepEqual(plan(namespace, made), []);
  const old = { ...made, data: { "ca.crt": "OLD" } };
  assert.deepEqual(plan(namespace, old), [{ verb: "update", object: made }]);
  const ending = { ...namespace, status: { phase: "Terminating" as const } };
  assert.deepEqual(plan(ending), []);
  const { name: kind } = controller;
  assert.equal(kind, "root-ca-certificate-publisher");
  assert.equal(CONFIG_MAPS.kind, made.kind);
});

Deno.test("tokens: a secret that asks for one is filled, once, and goes with its account", () => {
  let signed = 0;
  const sign = (namespace: string, { name }: { name: string }, secret: string) =>
    `${namespace}/${name}/${secret}/${++signed}`;
  const controller = serviceAccountTokenController({ caPem: "PEM", sign });
  const account = make(SERVICE_ACCOUNTS, { name: "sa", namespace: "x", uid: "1" });
  const annotations = { "kubernetes.io/service-account.name": "sa" };
  const metadata = { name: "s", namespace: "x", annotations };
  const secret = make<Secret>(SECRETS, metadata, { type: TOKEN_SECRET });
  const plan = (one: Secret, ...others: KubeObject[]) =>
    controller.plan(one, worldOf(one, ...others)).writes;
  const [write] = plan(secret, account);
  assert.ok(write?.verb === "update");
  const filled = write.object as Secret;
  const text = (key: string) => Buffer.from(filled.data?.[key] ?? "", "base64").toString();
  assert.deepEqual([text("token"), text("namespace"), text("ca.crt")], ["x/sa/s/1", "x", "PEM"]);
  assert.equal(filled.metadata.annotations?.["kubernetes.io/service-account.uid"], "1");
  assert.deepEqual(plan(filled, account), []);
  assert.equal(signed, 1);
  const other = make(SERVICE_ACCOUNTS, { name: "sa", namespace: "x", uid: "2" });
  assert.deepEqual(plan(filled, other), [{ verb: "delete", object: filled }], "another account");
  assert.deepEqual(plan(secret), [{ verb: "delete", object: secret }], "no account");
  assert.deepEqual(plan({ ...secret, type: "Opaque" }, account), []);
});
