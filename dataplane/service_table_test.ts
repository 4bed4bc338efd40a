import assert from "node:assert/strict";
import {
  BACKEND_BYTES,
  BACKENDS_MAX,
  encodeBackends,
  type FrontendKey,
  frontendKeyOf,
  type ServiceValue,
} from "./maps.ts";
import type { Rules, ServiceRule } from "./rules.ts";
import { ServiceTable, type TableChanges } from "./service_table.ts";

/** The maps as the kernel would hold them. */
class Kernel {
  readonly frontends = new Map<FrontendKey, ServiceValue>();
  readonly backends = new Uint8Array(BACKENDS_MAX * BACKEND_BYTES);

  apply({ blocks, updates, deletes }: TableChanges): void {
    for (const { first, bytes } of blocks) {
      const inUse = [...this.frontends.values()].some((service) =>
        first < service.first + service.count &&
        service.first < first + bytes.length / BACKEND_BYTES
      );
      assert(!inUse, "a block that is in use is never written");
      this.backends.set(bytes, first * BACKEND_BYTES);
    }
    for (const [key, value] of updates) this.frontends.set(key, value);
    for (const key of deletes) assert(this.frontends.delete(key), "only what is there is deleted");
  }

  assertServes({ services }: Rules): void {
    const wanted = services.flatMap((rule) =>
      rule.frontends.map((frontend) => [frontendKeyOf(rule.protocol, frontend), rule] as const)
    );
    assert.equal(this.frontends.size, wanted.length);
    for (const [key, rule] of wanted) {
      const { first, count, affinitySeconds } = this.frontends.get(key) ?? assert.fail(rule.name);
      const block = this.backends.slice(first * BACKEND_BYTES, (first + count) * BACKEND_BYTES);
      assert.deepEqual(block, encodeBackends(rule.backends), rule.name);
      assert.equal(affinitySeconds, rule.affinitySeconds);
    }
  }
}

Deno.test("ServiceTable: the same rules twice write nothing, also as other objects", () => {
  const table = new ServiceTable();
  table.plan(rules(web(2)), 0);
  for (const again of [rules(web(2)), rules(web(2))]) {
    const { blocks, updates, deletes } = table.plan(again, 0);
    assert.deepEqual([blocks.length, updates.size, deletes.length], [0, 0, 0]);
  }
});

Deno.test("ServiceTable: changed backends get a fresh block and generation, the same id", () => {
  const table = new ServiceTable();
  const [before] = table.plan(rules(web(2)), 0).updates.values();
  const { blocks, updates, freshIds } = table.plan(rules(web(3)), 0);
  const [after] = updates.values();
  assert(before !== undefined && after !== undefined);
  assert.equal(blocks[0]?.first, after.first);
  assert(after.first >= before.first + before.count);
  assert(after.generation > before.generation);
  assert.equal(after.id, before.id);
  assert.deepEqual(freshIds, []);
});

Deno.test("ServiceTable: a block comes back a second after it was last used", () => {
  const table = new ServiceTable();
  const firstOf = ({ updates }: TableChanges) => [...updates.values()][0]?.first;
  const first = firstOf(table.plan(rules(web(2)), 0));
  assert.notEqual(firstOf(table.plan(rules(web(1)), 0)), first);
  assert.notEqual(firstOf(table.plan(rules(web(2)), 999)), first);
  assert.equal(firstOf(table.plan(rules(web(1)), 2_000)), first);
});

Deno.test("ServiceTable: a restart finds what it needs in the maps and writes nothing", () => {
  const kernel = new Kernel();
  const wanted = rules(web(2), { ...web(0), name: "b", frontends: [at("10.96.0.2")] });
  kernel.apply(new ServiceTable().plan(wanted, 0));
  const table = new ServiceTable();
  table.restore(kernel.frontends, kernel.backends, 0);
  const { blocks, updates, deletes, freshIds } = table.plan(wanted, 0);
  assert.deepEqual([blocks, [...updates], deletes, freshIds], [[], [], [], []]);
});

Deno.test("ServiceTable: a restart removes what nobody wants any more", () => {
  const kernel = new Kernel();
  kernel.apply(new ServiceTable().plan(rules(web(2)), 0));
  const table = new ServiceTable();
  table.restore(kernel.frontends, kernel.backends, 0);
  kernel.apply(table.plan(rules(), 0));
  kernel.assertServes(rules());
});

Deno.test("ServiceTable: says when the backends have no room", () => {
  const backends = Array.from({ length: BACKENDS_MAX + 1 }, () => ({ ip: "10.1.0.1", port: 1 }));
  const table = new ServiceTable();
  assert.throws(() => table.plan(rules({ ...web(0), backends }), 0), /no room for 524289 backends/);
});

/** Random histories, with crashes between two writes: the kernel always ends up with exactly the rules. */
for (const seed of [1, 2, 3, 4, 5]) {
  Deno.test(`ServiceTable: the kernel follows a random history, seed ${seed}`, () => {
    const random = randomOf(seed);
    const kernel = new Kernel();
    let table = new ServiceTable();
    for (let step = 0; step < 200; step++) {
      const wanted = randomRules(random);
      const changes = table.plan(wanted, step * 400);
      if (random() < 0.2) {
        kernel.apply(cutShort(changes, random));
        table = new ServiceTable();
        table.restore(kernel.frontends, kernel.backends, step * 400);
        continue;
      }
      kernel.apply(changes);
      kernel.assertServes(wanted);
    }
  });
}

function cutShort(changes: TableChanges, random: () => number): TableChanges {
  const written = [...changes.updates].slice(0, Math.floor(random() * changes.updates.size));
  return { ...changes, updates: new Map(written), deletes: [] };
}

function randomRules(random: () => number): Rules {
  const addresses = ["10.96.0.1", "10.96.0.2", "10.96.0.3", "10.96.0.4", "10.96.0.5"];
  const frontends = addresses.filter(() => random() < 0.7).map((address) => at(address));
  const services: ServiceRule[] = [];
  while (frontends.length > 0) {
    const own = frontends.splice(0, 1 + Math.floor(random() * 2));
    services.push({
      ...web(Math.floor(random() * 4)),
      name: `s${services.length}`,
      frontends: own,
    });
  }
  return rules(...services);
}

function randomOf(seed: number): () => number {
  let state = seed;
  return () => (state = state * 48_271 % 2_147_483_647) / 2_147_483_647;
}

function rules(...services: ServiceRule[]): Rules {
  return { nodeAddresses: [], services };
}

function web(pods: number): ServiceRule {
  const backends = Array.from({ length: pods }, (_, i) => ({ ip: `10.1.0.${i + 2}`, port: 8080 }));
  return {
    name: "default/web:",
    protocol: "TCP",
    frontends: [at("10.96.0.10")],
    backends,
    affinitySeconds: 0,
  };
}

function at(address: string) {
  return { address, port: 80, isExternal: false };
}
