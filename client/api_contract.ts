import assert from "node:assert/strict";
import type { TokenRequest } from "../api/types/authentication_v1.ts";
import { type Lease, LEASES } from "../api/types/coordination_v1.ts";
import type { Namespace, Node, Pod } from "../api/types/core_v1.ts";
import { NODE_LEASE_NAMESPACE } from "../api/types/drain_barrier.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { NO_LEASE } from "../api/types/node_lease.ts";
import { NAMESPACES, NODES, PODS, SERVICE_ACCOUNTS } from "../api/types/resources.ts";
import { hasReason } from "../api/types/status.ts";
import type { Api, WatchEvent, WatchOptions } from "./api.ts";

export interface ApiUnderTest {
  api: Api;
  close(): Promise<void> | void;
}

/** What every Api promises. The server behind it must hold the namespace `contract`, which is left empty. */
export function apiContract(name: string, setUp: () => Promise<ApiUnderTest>): void {
  const test = (what: string, body: (api: Api) => Promise<void>) =>
    Deno.test(`${name}: ${what}`, async () => {
      const { api, close } = await setUp();
      try {
        await ensureNamespace(api);
        await body(api);
      } finally {
        await close();
      }
    });

  test("a created object has a uid and a revision, and is read back", async (api) => {
    const made = await api.create(PODS, pod("web"));
    const read = await api.get(PODS, NAMESPACE, "web");
    assert.ok(made.metadata.uid && Number(made.metadata.resourceVersion) > 0);
    assert.deepEqual(read.metadata.uid, made.metadata.uid);
  });

  test("generateName is completed", async (api) => {
    const generated = pod("");
    generated.metadata = { name: "", generateName: "web-", namespace: NAMESPACE };
    const made = await api.create(PODS, generated);
    assert.match(made.metadata.name, /^web-.+/);
  });

  test("a name can be created once", async (api) => {
    await api.create(PODS, pod("web"));
    await rejects("AlreadyExists", api.create(PODS, pod("web")));
  });

  test("what is not there is NotFound", async (api) => {
    await rejects("NotFound", api.get(PODS, NAMESPACE, "nobody"));
    await rejects("NotFound", api.delete(PODS, NAMESPACE, "nobody"));
  });

  test("an update at an old revision is a Conflict", async (api) => {
    const made = await api.create(PODS, pod("web"));
    await api.update(PODS, labelled(made, "one"));
    await rejects("Conflict", api.update(PODS, labelled(made, "two")));
  });

  test("update leaves status alone, updateStatus leaves spec alone", async (api) => {
    const made = await api.create(PODS, pod("web"));
    const forged: Pod = { ...labelled(made, "a"), status: { phase: "Running" } };
    const updated = await api.update(PODS, forged);
    assert.notEqual(updated.status?.phase, "Running");
    const reported = await api.updateStatus(PODS, { ...updated, status: { phase: "Running" } });
    assert.equal(reported.status?.phase, "Running");
    assert.deepEqual(reported.spec.containers[0]?.image, "img");
  });

  test("an update that changes nothing makes no revision", async (api) => {
    const made = await api.create(PODS, pod("web"));
    const again = await api.update(PODS, made);
    assert.equal(again.metadata.resourceVersion, made.metadata.resourceVersion);
  });

  test("merge patches change what they name", async (api) => {
    await api.create(PODS, labelled(pod("web"), "a"));
    const target = { namespace: NAMESPACE, name: "web" };
    const patch = { metadata: { labels: { app: null, tier: "front" } } };
    const patched = await api.patch(PODS, target, "merge", patch);
    assert.deepEqual(patched.metadata.labels, { tier: "front" });
  });

  test("strategic patches of status merge conditions by type", async (api) => {
    await api.create(PODS, pod("web"));
    const target = { namespace: NAMESPACE, name: "web", subresource: "status" };
    for (const type of ["PodScheduled", "Ready"]) {
      await api.patch(PODS, target, "strategic", {
        status: { conditions: [{ type, status: "False" }] },
      });
    }
    const { status } = await api.get(PODS, NAMESPACE, "web");
    assert.deepEqual(status?.conditions?.map(({ type }) => type).sort(), ["PodScheduled", "Ready"]);
  });

  test("lists are in name order and select by label and field", async (api) => {
    await api.create(PODS, labelled(pod("b"), "x"));
    await api.create(PODS, labelled(pod("a"), "y"));
    const names = async (options: object) =>
      (await api.list(PODS, { namespace: NAMESPACE, ...options })).items
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.deepEqual(await names({}), ["Pod a", "Pod b"]);
    assert.deepEqual(await names({ labelSelector: "app=x" }), ["Pod b"]);
    assert.deepEqual(await names({ fieldSelector: "metadata.name=a" }), ["Pod a"]);
    assert.deepEqual(await names({ fieldSelector: "spec.nodeName!=" }), []);
  });

  test("binding sets the node once", async (api) => {
    await ensureNode(api, "node-1");
    const made = await api.create(PODS, pod("web"));
    await api.bind(NAMESPACE, "web", made.metadata.uid ?? "", "node-1");
    assert.equal((await api.get(PODS, NAMESPACE, "web")).spec.nodeName, "node-1");
    await rejects("Conflict", api.bind(NAMESPACE, "web", made.metadata.uid ?? "", "node-1"));
  });

  test("a binding for another uid is a Conflict", async (api) => {
    await ensureNode(api, "node-1");
    await api.create(PODS, pod("web"));
    await rejects("Conflict", api.bind(NAMESPACE, "web", "another-uid", "node-1"));
  });

  test("a deletion for another uid is a Conflict", async (api) => {
    await api.create(PODS, pod("web"));
    await rejects("Conflict", api.delete(PODS, NAMESPACE, "web", { uid: "another-uid" }));
  });

  test("a pod on a node is deleted gracefully, and at once with no grace", async (api) => {
    await ensureNode(api, "node-1");
    const made = await api.create(PODS, pod("web"));
    await api.bind(NAMESPACE, "web", made.metadata.uid ?? "", "node-1");
    await api.delete(PODS, NAMESPACE, "web");
    assert.ok((await api.get(PODS, NAMESPACE, "web")).metadata.deletionTimestamp);
    await api.delete(PODS, NAMESPACE, "web", { gracePeriodSeconds: 0 });
    await rejects("NotFound", api.get(PODS, NAMESPACE, "web"));
  });

  test("a pod whose node was heard of since its deletion was decided stays", async (api) => {
    await ensureNode(api, "node-2");
    const made = await api.create(PODS, pod("web"));
    await api.bind(NAMESPACE, "web", made.metadata.uid ?? "", "node-2");
    const decided = { gracePeriodSeconds: 0, nodeLease: NO_LEASE };
    const { metadata, spec } = await api.create(LEASES, leaseOf("node-2"));
    await rejects("Conflict", api.delete(PODS, NAMESPACE, "web", decided));
    const renewed = await api.update(LEASES, {
      ...{ apiVersion: LEASES.apiVersion, kind: LEASES.kind, metadata },
      spec: { ...spec, renewTime: "2026-01-01T00:00:03.000000Z" },
    });
    const earlier = { ...decided, nodeLease: metadata.resourceVersion ?? "" };
    await rejects("Conflict", api.delete(PODS, NAMESPACE, "web", earlier));
    const all = { ...earlier, namespace: NAMESPACE };
    await rejects("Conflict", api.deleteCollection(PODS, all));
    const nodeLease = renewed.metadata.resourceVersion ?? "";
    await api.delete(PODS, NAMESPACE, "web", { ...decided, nodeLease });
    await rejects("NotFound", api.get(PODS, NAMESPACE, "web"));
    await api.delete(LEASES, NODE_LEASE_NAMESPACE, "node-2");
  });

  test("Foreground and Orphan leave an object to the garbage collector, Background does not", async (api) => {
    const policies = ["Foreground", "Orphan", "Background"] as const;
    for (const propagationPolicy of policies) {
      await api.create(PODS, pod(propagationPolicy.toLowerCase()));
      await api.delete(PODS, NAMESPACE, propagationPolicy.toLowerCase(), { propagationPolicy });
    }
    const { items } = await api.list(PODS, { namespace: NAMESPACE });
    const left = items.map(({ metadata }) => [metadata.name, metadata.finalizers]);
    assert.deepEqual(left, [["foreground", ["foregroundDeletion"]], ["orphan", ["orphan"]]]);
    for (const { metadata: { name, deletionTimestamp } } of items) {
      assert.ok(deletionTimestamp);
      const free = { metadata: { finalizers: null } };
      await api.patch(PODS, { namespace: NAMESPACE, name }, "merge", free);
      await rejects("NotFound", api.get(PODS, NAMESPACE, name));
    }
  });

  test("a deletion is held to the version that it names", async (api) => {
    const { metadata: { resourceVersion = "" } } = await api.create(PODS, pod("web"));
    await rejects("Conflict", api.delete(PODS, NAMESPACE, "web", { resourceVersion: "1" }));
    await api.delete(PODS, NAMESPACE, "web", { resourceVersion });
    await rejects("NotFound", api.get(PODS, NAMESPACE, "web"));
  });

  test("metadata alone is listed and watched like all the rest", async (api) => {
    const made = await api.create(PODS, pod("web"));
    const options = { namespace: NAMESPACE, onlyMetadata: true } as const;
    const { items, resourceVersion } = await api.list(PODS, options);
    assert.deepEqual(items.map(({ metadata }) => metadata), [made.metadata]);
    await api.update(PODS, labelled(made, "a"));
    assert.deepEqual(await watched(api, { ...options, resourceVersion }, 1), ["MODIFIED web"]);
  });

  test("an account that is there gets a token", async (api) => {
    const request: TokenRequest = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: { name: "" },
      spec: { expirationSeconds: 600 },
    };
    await rejects("NotFound", api.requestToken(NAMESPACE, "nobody", request));
    const metadata = { name: "builder", namespace: NAMESPACE };
    await api.create(SERVICE_ACCOUNTS, { apiVersion: "v1", kind: "ServiceAccount", metadata });
    const { status } = await api.requestToken(NAMESPACE, "builder", request);
    await api.delete(SERVICE_ACCOUNTS, NAMESPACE, "builder");
    assert.ok(status?.token && Date.parse(status.expirationTimestamp) > 0);
  });

  test("deleteCollection empties a namespace", async (api) => {
    for (const letter of ["a", "b", "c"]) await api.create(PODS, pod(letter));
    await api.deleteCollection(PODS, { namespace: NAMESPACE });
    assert.deepEqual((await api.list(PODS, { namespace: NAMESPACE })).items, []);
  });

  test("a watch from a list tells every later change once and in order", async (api) => {
    const { resourceVersion } = await api.list(PODS, { namespace: NAMESPACE });
    const made = await api.create(PODS, pod("web"));
    await api.update(PODS, labelled(made, "a"));
    await api.delete(PODS, NAMESPACE, "web");
    const seen = await watched(api, { namespace: NAMESPACE, resourceVersion }, 3);
    assert.deepEqual(seen, ["ADDED web", "MODIFIED web", "DELETED web"]);
  });

  test("a watch with a selector tells who comes and goes", async (api) => {
    const { resourceVersion } = await api.list(PODS, { namespace: NAMESPACE });
    const made = await api.create(PODS, labelled(pod("web"), "a"));
    const moved = await api.update(PODS, labelled(made, "b"));
    await api.update(PODS, labelled(moved, "a"));
    const options = { namespace: NAMESPACE, resourceVersion, labelSelector: "app=a" };
    assert.deepEqual(await watched(api, options, 3), ["ADDED web", "DELETED web", "ADDED web"]);
  });

  test("an aborted watch ends without an error", async (api) => {
    const { resourceVersion } = await api.list(PODS, { namespace: NAMESPACE });
    const stop = new AbortController();
    const options = { namespace: NAMESPACE, resourceVersion };
    const reading = (async () => {
      for await (const _ of api.watch(PODS, options, stop.signal)) assert.fail("nothing happened");
    })();
    stop.abort();
    await reading;
  });

  test("a deleted namespace refuses new objects until it is finalized", async (api) => {
    const name = "contract-ending";
    await api.create(NAMESPACES, namespace(name));
    await api.delete(NAMESPACES, "", name);
    const ending = await api.get(NAMESPACES, "", name);
    assert.equal(ending.status?.phase, "Terminating");
    const late = pod("late");
    late.metadata.namespace = name;
    await rejects("Forbidden", api.create(PODS, late));
    await api.replace(NAMESPACES, { ...ending, spec: { finalizers: [] } }, "finalize");
    await rejects("NotFound", api.get(NAMESPACES, "", name));
  });
}

const NAMESPACE = "contract";

async function watched(api: Api, options: WatchOptions, count: number): Promise<string[]> {
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const event of api.watch(PODS, options, stop.signal)) {
    if (event.type !== "BOOKMARK") seen.push(said(event));
    if (seen.length === count) break;
  }
  stop.abort();
  return seen;
}

function said({ type, object }: WatchEvent<KubeObject>): string {
  return `${type} ${object.metadata.name}`;
}

async function rejects(reason: Parameters<typeof hasReason>[1], promise: Promise<unknown>) {
  await assert.rejects(promise, (error) => {
    assert.ok(hasReason(error, reason), `wanted ${reason}, got ${error}`);
    return true;
  });
}

async function ensureNamespace(api: Api): Promise<void> {
  try {
    await api.create(NAMESPACES, namespace(NAMESPACE));
  } catch (error) {
    if (!hasReason(error, "AlreadyExists")) throw error;
  }
}

async function ensureNode(api: Api, name: string): Promise<void> {
  const node: Node = { apiVersion: "v1", kind: "Node", metadata: { name }, spec: {} };
  try {
    await api.create(NODES, node);
  } catch (error) {
    if (!hasReason(error, "AlreadyExists")) throw error;
  }
}

function namespace(name: string): Namespace {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
    spec: { finalizers: ["kubernetes"] },
  };
}

function pod(name: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: NAMESPACE },
    spec: { containers: [{ name: "main", image: "img" }] },
  };
}

function labelled(object: Pod, app: string): Pod {
  return { ...object, metadata: { ...object.metadata, labels: { app } } };
}

function leaseOf(node: string): Lease {
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: node, namespace: NODE_LEASE_NAMESPACE },
    spec: {
      holderIdentity: node,
      leaseDurationSeconds: 10,
      renewTime: "2026-01-01T00:00:00.000000Z",
    },
  };
}
