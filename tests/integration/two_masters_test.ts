import assert from "node:assert/strict";
import { hasEtcd, startEtcd } from "../fixtures/etcd.ts";
import { type Master, startMaster, until } from "../fixtures/master.ts";

const LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
const PODS = "/api/v1/namespaces/default/pods";

async function ask(master: Master, path: string, method = "GET", body?: unknown) {
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const response = await master.fetch(path, {
    method,
    headers: { "content-type": type },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  // deno-lint-ignore no-explicit-any -- tests read objects of every kind
  return { code: response.status, body: await response.json() as any };
}

async function makeNode(master: Master): Promise<void> {
  await ask(master, "/api/v1/nodes", "POST", {
    ...{ apiVersion: "v1", kind: "Node", metadata: { name: "n1" } },
  });
  const amounts = { cpu: "4", memory: "8Gi", pods: "110" };
  const conditions = [{ type: "Ready", status: "True" }];
  const status = { capacity: amounts, allocatable: amounts, conditions };
  assert.equal((await ask(master, "/api/v1/nodes/n1/status", "PATCH", { status })).code, 200);
}

async function makePod(master: Master, name: string): Promise<void> {
  const { code } = await ask(master, PODS, "POST", {
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name } },
    spec: { containers: [{ name: "a", image: "nginx" }], tolerations: [{ operator: "Exists" }] },
  });
  assert.equal(code, 201);
}

const scheduled = (master: Master, name: string) =>
  until(async () => (await ask(master, `${PODS}/${name}`)).body.spec.nodeName as string);

/** @returns the addresses behind the service of the API, once there are so many */
async function servers(master: Master, count: number): Promise<string[] | undefined> {
  const { body } = await ask(master, "/api/v1/namespaces/default/endpoints/kubernetes");
  const addresses: { ip: string }[] = body.subsets?.[0]?.addresses ?? [];
  return addresses.length === count ? addresses.map(({ ip }) => ip) : undefined;
}

async function holder(master: Master): Promise<string | undefined> {
  return (await ask(master, `${LEASES}/kube-scheduler`)).body.spec?.holderIdentity;
}

Deno.test({
  name: "two masters on one etcd: both serve, and one schedules on when the other is killed",
  ignore: !hasEtcd,
  async fn() {
    const etcd = await startEtcd();
    const flags = [`--store=etcd:${etcd.endpoints.join()}`];
    const first = await startMaster({ flags: [...flags, "--advertise-address=192.0.2.1"] });
    const leader = await until(() => holder(first));
    const second = await startMaster({ flags: [...flags, "--advertise-address=192.0.2.2"] });
    try {
      await makeNode(first);
      await makePod(second, "before");
      assert.equal(await scheduled(second, "before"), "n1");
      assert.equal((await ask(first, `${PODS}/before`)).code, 200);
      assert.equal(await holder(second), leader);

      // The service leads to both.
      assert.deepEqual(await until(() => servers(first, 2)), ["192.0.2.1", "192.0.2.2"]);

      // What one has answered, the other shows.
      for (let n = 0; n < 20; n += 1) {
        const metadata = { name: `c${n}` };
        const body = { apiVersion: "v1", kind: "ConfigMap", metadata };
        await ask(first, "/api/v1/namespaces/default/configmaps", "POST", body);
        const path = `/api/v1/namespaces/default/configmaps/c${n}`;
        assert.equal((await ask(second, path)).code, 200);
      }

      await first.kill();
      await makePod(second, "after");
      assert.equal(await scheduled(second, "after"), "n1");
      assert.notEqual(await holder(second), leader);
    } finally {
      await second.stop();
      await etcd.stop();
    }
  },
});
