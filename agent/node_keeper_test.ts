import assert from "node:assert/strict";
import type { Clock } from "../api/types/ambient.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { NODE_LEASE_NAMESPACE } from "../api/types/drain_barrier.ts";
import { type Lease, LEASES } from "../api/types/coordination_v1.ts";
import { LEASE_SECONDS_MIN, RENEW_ANNOTATION } from "../api/types/node_lease.ts";
import type { Resource } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import type { PatchType } from "../client/api.ts";
import { FakeApi } from "../client/fake_api.ts";
import { FakeClock } from "../client/fake_clock.ts";
import { NodeKeeper } from "./node_keeper.ts";

const HOUR_MS = 3_600_000;

for (const shiftMs of [HOUR_MS, -HOUR_MS]) {
  Deno.test(`node keeper: the lease is renewed in time though the clock jumps by ${shiftMs} ms`, async () => {
    const timers = new FakeClock();
    let shift = 0;
    const clock: Clock = {
      now: () => timers.now() + shift,
      sleep: (ms, signal) => timers.sleep(ms, signal),
      after: (ms, callback) => timers.after(ms, callback),
    };
    const api = new FakeApi(timers);
    const ended = new AbortController();
    const renewed: number[] = [];
    const keeper = new NodeKeeper({
      ...{ api, clock, log: () => {}, signal: ended.signal, nodeName: "n1" },
      sources: () => assert.fail("nothing is asked of the node"),
      onRenewed: () => renewed.push(timers.now()),
    });
    const running = keeper.heartbeat();
    await timers.advance(LEASE_SECONDS_MIN * 1_000);
    shift = shiftMs;
    await timers.advance(6 * LEASE_SECONDS_MIN * 1_000);
    const gaps = renewed.slice(1).map((at, i) => at - renewed[i]!);
    assert.ok(renewed.length > 18, `${renewed.length} renewals`);
    assert.ok(Math.max(...gaps) < LEASE_SECONDS_MIN * 1_000 / 2, `${gaps}`);
    const { spec } = await api.get(LEASES, NODE_LEASE_NAMESPACE, "n1");
    assert.ok(
      Math.abs(Date.parse(spec?.renewTime ?? "") - clock.now()) < LEASE_SECONDS_MIN * 1_000,
    );
    ended.abort();
    await timers.advance(LEASE_SECONDS_MIN * 1_000);
    await running;
  });
}

Deno.test("node keeper: in a large cluster it renews as seldom as it is asked to, and its lease holds for longer", async () => {
  const world = new World("17");
  await world.clock.advance(100_000);
  assert.deepEqual(world.renewed.slice(0, 4).map(({ leaseMs }) => leaseMs), [
    ...[10_000, 57_000, 57_000, 57_000],
  ]);
  const [, first, second] = world.renewed;
  assert.equal(second!.at - first!.at, 17_000);
  assert.equal(await world.storedSeconds(), 57);

  world.api.asks = "3";
  await world.clock.advance(40_000);
  assert.equal(await world.storedSeconds(), 10);
  const [last] = world.renewed.slice(-1);
  assert.ok(world.clock.now() - last!.at <= 3_000);
  await world.end();
});

Deno.test("node keeper: it counts on a shorter lease before it asks for one", async () => {
  const world = new World("17");
  await world.clock.advance(60_000);
  world.api.asks = "3";
  while ((await world.storedSeconds()) === 57) {
    const counted = world.renewed.at(-1)!.leaseMs;
    world.api.onPatch = (patch) => {
      if (patch.spec?.leaseDurationSeconds === 10) assert.equal(counted, 10_000);
    };
    await world.clock.advance(1_000);
  }
  await world.end();
});

Deno.test("node keeper: it counts on the shortest lease before it makes one that the API has forgotten", async () => {
  const world = new World("17");
  await world.clock.advance(60_000);
  await world.api.delete(LEASES, NODE_LEASE_NAMESPACE, "n1");
  const made: number[] = [];
  world.api.intercept = ({ verb }) => {
    if (verb === "create") made.push(world.clock.now() - world.shortest.at(-1)!);
  };
  await world.clock.advance(17_000);
  assert.deepEqual(made, [0]);
  await world.end();
});

Deno.test("node keeper: a change that comes late undoes nothing, and the renewal goes without it", async () => {
  const world = new World("17");
  let late = 0;
  world.api.onPatch = (patch) => {
    if (patch.metadata?.resourceVersion === undefined || late > 0) return;
    late += 1;
    throw new StatusError("Conflict", "the object has been modified");
  };
  await world.clock.advance(10_000);
  assert.equal(late, 1);
  assert.deepEqual(world.told, []);
  assert.equal(world.renewed.at(-1)!.leaseMs, 57_000);
  await world.end();
});

Deno.test("node keeper: news go at once however seldom it renews", async () => {
  const world = new World("17");
  await world.clock.advance(60_000);
  const before = world.renewed.length;
  await world.clock.advance(17_000 - (world.clock.now() - world.renewed.at(-1)!.at) - 5_000);
  assert.equal(world.renewed.length, before);
  world.keeper.acknowledge();
  await world.clock.advance(1);
  assert.equal(world.renewed.length, before + 1);
  await world.end();
});

Deno.test("node keeper: a renewal that failed is tried again before the lease is over", async () => {
  const world = new World("17");
  await world.clock.advance(60_000);
  const { at } = world.renewed.at(-1)!;
  let failures = 0;
  world.api.onPatch = () => {
    if ((failures += 1) <= 3) throw new StatusError("ServiceUnavailable", "away");
  };
  await world.clock.advance(57_000 - (world.clock.now() - at));
  assert.equal(failures > 3, true);
  assert.ok(world.renewed.at(-1)!.at > at);
  await world.end();
});

class PacedApi extends FakeApi {
  /** How often nodes are to renew their leases. */
  asks = "3";
  onPatch: (patch: Partial<Lease>) => void = () => {};

  override async create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.#paced(await super.create(resource, object));
  }

  override async patch<T extends KubeObject>(
    resource: Resource<T>,
    target: { namespace: string; name: string },
    type: PatchType,
    patch: unknown,
  ): Promise<T> {
    this.onPatch(patch as Partial<Lease>);
    return this.#paced(await super.patch(resource, target, type, patch));
  }

  #paced<T extends KubeObject>(lease: T): T {
    const annotations = { ...lease.metadata.annotations, [RENEW_ANNOTATION]: this.asks };
    return { ...lease, metadata: { ...lease.metadata, annotations } };
  }
}

class World {
  readonly clock = new FakeClock();
  readonly api = new PacedApi(this.clock);
  readonly renewed: { at: number; leaseMs: number }[] = [];
  readonly told: string[] = [];
  /** When a lease of the shortest length was sent. */
  readonly shortest: number[] = [];
  readonly keeper: NodeKeeper;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;

  constructor(asks: string) {
    const { clock, api } = this;
    api.asks = asks;
    this.keeper = new NodeKeeper({
      ...{ api, clock, signal: this.#ending.signal, nodeName: "n1" },
      log: (message) => this.told.push(message),
      sources: () => assert.fail("nothing is asked of the node"),
      onRenewed: (at, leaseMs) => this.renewed.push({ at, leaseMs }),
      onShortest: (sentAt) => this.shortest.push(sentAt),
    });
    this.#running = this.keeper.heartbeat();
  }

  async storedSeconds(): Promise<number | undefined> {
    return (await this.api.get(LEASES, NODE_LEASE_NAMESPACE, "n1")).spec?.leaseDurationSeconds;
  }

  async end(): Promise<void> {
    this.#ending.abort();
    await this.clock.advance(60_000);
    await this.#running;
  }
}
