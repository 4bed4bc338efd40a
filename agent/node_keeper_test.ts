import assert from "node:assert/strict";
import type { Clock } from "../api/types/ambient.ts";
import { NODE_LEASE_NAMESPACE } from "../api/types/drain_barrier.ts";
import { LEASES } from "../api/types/coordination_v1.ts";
import { FakeApi } from "../client/fake_api.ts";
import { FakeClock } from "../client/fake_clock.ts";
import { LEASE_SECONDS, NodeKeeper } from "./node_keeper.ts";

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
    await timers.advance(LEASE_SECONDS * 1_000);
    shift = shiftMs;
    await timers.advance(6 * LEASE_SECONDS * 1_000);
    const gaps = renewed.slice(1).map((at, i) => at - renewed[i]!);
    assert.ok(renewed.length > 18, `${renewed.length} renewals`);
    assert.ok(Math.max(...gaps) < LEASE_SECONDS * 1_000 / 2, `${gaps}`);
    const { spec } = await api.get(LEASES, NODE_LEASE_NAMESPACE, "n1");
    assert.ok(Math.abs(Date.parse(spec?.renewTime ?? "") - clock.now()) < LEASE_SECONDS * 1_000);
    ended.abort();
    await timers.advance(LEASE_SECONDS * 1_000);
    await running;
  });
}
