import assert from "node:assert/strict";
import { LEASES } from "../api/types/coordination_v1.ts";
import { StatusError } from "../api/types/status.ts";
import type { Api } from "./api.ts";
import { runElected } from "./election.ts";
import { FakeApi } from "./fake_api.ts";
import { FakeClock } from "./fake_clock.ts";

/** The way of one candidate to the API, until the test cuts it. */
function lineTo(api: Api) {
  const line = { isCut: false };
  const proxy = new Proxy(api, {
    get(target, name) {
      const method = Reflect.get(target, name, target);
      if (line.isCut && name !== "watch") {
        return () => Promise.reject(new StatusError("ServiceUnavailable", "cut off"));
      }
      return typeof method === "function" ? method.bind(target) : method;
    },
  });
  return { line, proxy };
}

function world() {
  const clock = new FakeClock();
  const api = new FakeApi(clock);
  const leads: string[] = [];
  const now = new Set<string>();
  const stand = (identity: string) => {
    const ending = new AbortController();
    const { line, proxy } = lineTo(api);
    const done = runElected({
      api: proxy,
      clock,
      log: () => {},
      signal: ending.signal,
      name: "kube-scheduler",
      identity,
      lead(signal) {
        leads.push(identity);
        now.add(identity);
        assert.equal(now.size, 1, "two lead at one time");
        return new Promise((resolve) => {
          const end = () => (now.delete(identity), resolve());
          signal.addEventListener("abort", end, { once: true });
        });
      },
    });
    return { line, done, end: () => ending.abort() };
  };
  const lease = () => api.get(LEASES, "kube-system", "kube-scheduler");
  return { clock, api, leads, now, stand, lease };
}

Deno.test("election: one leads, and renews", async () => {
  const { clock, leads, stand, lease } = world();
  const [a, b] = [stand("a"), stand("b")];
  await clock.advance(60_000);
  assert.deepEqual(leads, ["a"]);
  const { spec } = await lease();
  assert.equal(spec.holderIdentity, "a");
  assert.ok(clock.now() - Date.parse(spec.renewTime ?? "") <= 2_000);
  a.end();
  b.end();
  await clock.settle();
  await Promise.all([a.done, b.done]);
});

Deno.test("election: one that ends gives the lease back, and the next leads at once", async () => {
  const { clock, leads, stand, lease } = world();
  const [a, b] = [stand("a"), stand("b")];
  await clock.advance(5_000);
  a.end();
  await a.done;
  await clock.settle();
  assert.deepEqual(leads, ["a", "b"]);
  assert.equal((await lease()).spec.leaseTransitions, 1);
  b.end();
  await clock.settle();
  await b.done;
});

Deno.test("election: one that is cut off stops before another begins, and stands again", async () => {
  const { clock, leads, now, stand } = world();
  const [a, b] = [stand("a"), stand("b")];
  await clock.advance(5_000);
  a.line.isCut = true;
  await clock.advance(5_000);
  assert.deepEqual([...now], []);
  await clock.advance(5_000);
  assert.deepEqual(leads, ["a", "b"]);
  a.line.isCut = false;
  await clock.advance(5_000);
  b.end();
  await b.done;
  await clock.advance(2_000);
  assert.deepEqual(leads, ["a", "b", "a"]);
  a.end();
  await clock.settle();
  await a.done;
});
