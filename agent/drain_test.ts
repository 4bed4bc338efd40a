import assert from "node:assert/strict";
import type { Pod, Service } from "../api/types/core_v1.ts";
import { DRAINED_CONDITION } from "../api/types/drain_barrier.ts";
import { PODS, SERVICES } from "../api/types/resources.ts";
import { FakeApi } from "../client/fake_api.ts";
import { FakeClock } from "../client/fake_clock.ts";
import { Informers } from "../client/informer.ts";
import { Drain } from "./drain.ts";

const CASES: readonly {
  name: string;
  labels?: Record<string, string>;
  grace?: number;
  /** Milliseconds after which it happens. */
  unusedAt?: number;
  toldAt?: number;
  goneAt?: number;
  idleAt?: number;
  /** Milliseconds after which the pod's processes are told to end. */
  want: number;
}[] = [
  {
    name: "a pod that nobody selects waits for its node alone",
    labels: {},
    unusedAt: 40,
    want: 40,
  },
  { name: "one of a service waits for all nodes", unusedAt: 40, toldAt: 70, want: 70 },
  { name: "and for its own", unusedAt: 90, toldAt: 70, want: 90 },
  { name: "then for its connections", toldAt: 70, idleAt: 300, want: 300 },
  { name: "but not for those that stay open", toldAt: 70, idleAt: 60_000, want: 2_070 },
  { name: "nodes that say nothing hold it up until it is told who", toldAt: 4_010, want: 4_010 },
  { name: "or for 5 s where nobody tells", want: 5_000 },
  { name: "or half of its grace period", grace: 2, want: 1_000 },
  { name: "all waits share one bound", grace: 2, toldAt: 800, idleAt: 60_000, want: 1_000 },
  { name: "a pod without time does not wait", grace: 0, want: 0 },
  { name: "nor one that is deleted at once meanwhile", goneAt: 200, want: 200 },
];

for (const { name, labels = { app: "web" }, grace = 30, want, ...at } of CASES) {
  Deno.test(`drain: ${name}`, async () => {
    const clock = new FakeClock();
    const api = new FakeApi(clock);
    const ended = new AbortController();
    const cache = new Informers({
      ...{ api, clock, random: () => 0.5, log: () => {} },
      signal: ended.signal,
    });
    cache.watch(PODS);
    cache.watch(SERVICES);
    await api.create(SERVICES, SERVICE);
    const pod = await api.create(PODS, podWith(labels, grace));
    await clock.settle();
    const began = clock.now();
    const after = (ms = 0) => began + ms;
    const drain = new Drain({
      cache,
      clock,
      log: () => {},
      unused: () => clock.sleep(at.unusedAt ?? 0),
      connections: { inbound: () => Promise.resolve(clock.now() < after(at.idleAt) ? 1 : 0) },
    });
    if (at.toldAt !== undefined) clock.after(at.toldAt, () => void tell(api, pod));
    if (at.goneAt !== undefined) {
      clock.after(at.goneAt, () => void api.delete(PODS, "default", "web", GONE));
    }
    let took: number | undefined;
    const running = drain.run(pod, 7).then(() => took = clock.now() - began);
    for (let ms = 0; ms < 6_000 && took === undefined; ms += 10) await clock.advance(10);
    await running;
    ended.abort();
    assert.equal(took, want);
  });
}

const GONE = { gracePeriodSeconds: 0 };

async function tell(api: FakeApi, pod: Pod): Promise<void> {
  const conditions = [{ type: DRAINED_CONDITION, status: "True" as const }];
  await api.updateStatus(PODS, { ...pod, status: { ...pod.status, conditions } });
}

const SERVICE: Service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "default" },
  spec: { clusterIP: "10.0.0.10", selector: { app: "web" }, ports: [{ port: 80 }] },
};

function podWith(labels: Record<string, string>, deletionGracePeriodSeconds: number): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default", labels, deletionGracePeriodSeconds },
    spec: { containers: [{ name: "main", image: "img" }] },
    status: { podIP: "10.1.0.1" },
  };
}
