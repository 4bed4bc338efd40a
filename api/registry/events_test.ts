import assert from "node:assert/strict";
import { events as kind } from "./events.ts";
import { prepared, refusals, rowOf } from "./kinds_fixture.ts";

const about = { kind: "Pod", namespace: "default", name: "web-1", fieldPath: "spec.containers{c}" };
const EVENT = {
  metadata: { name: "web-1.17" },
  involvedObject: about,
  type: "Warning",
  reason: "BackOff",
  message: "Back-off restarting failed container\n",
  source: { component: "kubelet", host: "n1" },
  firstTimestamp: "2026-01-01T11:50:00Z",
  lastTimestamp: "2026-01-01T11:59:30Z",
  count: 7,
};

Deno.test("event columns: the whole row in kubectl's order", () => {
  assert.deepEqual(Object.entries(rowOf(kind, prepared(kind, EVENT))), [
    ["Last Seen", "30s"],
    ["Type", "Warning"],
    ["Reason", "BackOff"],
    ["Object", "pod/web-1"],
    ["Subobject", "spec.containers{c}"],
    ["Source", "kubelet, n1"],
    ["Message", "Back-off restarting failed container"],
    ["First Seen", "10m"],
    ["Count", 7],
    ["Name", "web-1.17"],
  ]);
});

Deno.test("event columns: an event of the newer form", () => {
  const { firstTimestamp: _f, lastTimestamp: _l, count: _c, source: _s, ...rest } = EVENT;
  const event = {
    ...rest,
    eventTime: "2026-01-01T11:59:00.000000Z",
    reportingComponent: "scheduler",
  };
  const row = rowOf(kind, prepared(kind, event));
  assert.deepEqual(
    [row["Last Seen"], row["First Seen"], row["Count"], row["Source"]],
    ["60s", "60s", 1, "scheduler"],
  );
});

const PLACES: readonly { involvedObject: object; isRight: boolean }[] = [
  { involvedObject: about, isRight: true },
  { involvedObject: { kind: "Node", name: "n1" }, isRight: true },
  { involvedObject: { ...about, namespace: "other" }, isRight: false },
];
for (const { involvedObject, isRight } of PLACES) {
  const { namespace = "none" } = involvedObject as { namespace?: string };
  Deno.test(`events: in default, an object of namespace ${namespace} is ${isRight ? "right" : "refused"}`, () => {
    const why = "involvedObject.namespace: Invalid value: " +
      `"${namespace}": does not match event.namespace`;
    assert.deepEqual(refusals(kind, { ...EVENT, involvedObject }), isRight ? [] : [why]);
  });
}

Deno.test("events: are selected by what they are about", () => {
  const event = prepared(kind, EVENT);
  const select = (field: string) => kind.selectableFields?.[field]?.(event as never);
  assert.equal(select("involvedObject.name"), "web-1");
  assert.equal(select("source"), "kubelet");
  assert.equal(select("involvedObject.uid"), "");
});
