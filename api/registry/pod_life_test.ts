import assert from "node:assert/strict";
import type { Binding, Pod } from "../types/core_v1.ts";
import { hasReason, StatusError } from "../types/status.ts";
import { MOMENT, openCluster, WRITE } from "./kinds_fixture.ts";
import { bindPod } from "./pod_binding.ts";
import { beginPodDeletion } from "./pod_deletion.ts";
import { pods } from "./pods.ts";
import type { ActionSubresource } from "./kind.ts";

Deno.test("binding: sets the node, says so in a condition and takes annotations along", () => {
  const { metadata, spec, status } = bindPod(
    podOn(undefined),
    bindingTo("n1", { annotations: { a: "b" } }),
    MOMENT,
  );
  assert.equal(spec.nodeName, "n1");
  assert.deepEqual(metadata.annotations, { a: "b" });
  assert.deepEqual(status?.conditions, [
    { type: "PodScheduled", status: "True", lastTransitionTime: MOMENT.now },
  ]);
});

const CONFLICTS: readonly { name: string; pod: Pod; binding: Binding; why: string }[] = [
  {
    name: "a bound pod stays where it is",
    pod: podOn("n1"),
    binding: bindingTo("n2"),
    why: 'pod x is already assigned to node "n1"',
  },
  {
    name: "a pod that goes is bound no more",
    pod: podOn(undefined, { deletionTimestamp: MOMENT.now }),
    binding: bindingTo("n1"),
    why: "pod x is being deleted, cannot be assigned to a host",
  },
  {
    name: "another pod of the same name is not bound",
    pod: podOn(undefined),
    binding: bindingTo("n1", { uid: "u2" }),
    why: "Precondition failed: UID in precondition: u2, UID in object meta: u1",
  },
  {
    name: "a pod that changed is not bound",
    pod: podOn(undefined),
    binding: bindingTo("n1", { resourceVersion: "6" }),
    why:
      "Precondition failed: ResourceVersion in precondition: 6, ResourceVersion in object meta: 7",
  },
];
for (const { name, pod, binding, why } of CONFLICTS) {
  Deno.test(`binding: ${name}`, () => {
    assert.throws(() => bindPod(pod, binding, MOMENT), (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.reason, "Conflict");
      assert.equal(error.message, `Operation cannot be fulfilled on pods/binding "x": ${why}`);
      return true;
    });
  });
}

Deno.test("binding: the target is a node", () => {
  const binding = { ...bindingTo(""), target: { kind: "Pod", name: "" } };
  assert.throws(() => bindPod(podOn(undefined), binding, MOMENT), (error) => {
    assert.ok(error instanceof StatusError);
    assert.deepEqual(error.causes.map(({ field }) => field), ["target.kind", "target.name"]);
    return true;
  });
});

Deno.test("row 15: of 20 bindings of one pod at once one wins, and the others are conflicts", async () => {
  const { registry, store } = await openCluster();
  const registryOfPods = registry("pods");
  const spec = { containers: [{ name: "c", image: "i" }] };
  await registryOfPods.create("default", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "x" },
    spec,
  }, WRITE);
  const binding = pods.subresources?.["binding"] as ActionSubresource<never>;
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => {
      return registryOfPods.act(
        binding,
        { namespace: "default", name: "x" },
        bindingTo(`n${i}`),
        WRITE,
      );
    }),
  );
  const lost = results.filter((result) => result.status === "rejected");
  assert.equal(lost.length, 19);
  assert.ok(lost.every(({ reason }) => hasReason(reason, "Conflict")));
  await store.close();
});

const DELETIONS: readonly {
  name: string;
  pod: Pod;
  grace?: number;
  want: readonly [timestamp: string, seconds: number] | undefined;
}[] = [
  { name: "takes the pod's own time", pod: podOn("n1"), want: ["2026-01-01T12:00:30Z", 30] },
  {
    name: "takes the time it is given",
    pod: podOn("n1"),
    grace: 5,
    want: ["2026-01-01T12:00:05Z", 5],
  },
  { name: "without grace is at once", pod: podOn("n1"), grace: 0, want: undefined },
  { name: "of a pod without a node is at once", pod: podOn(undefined), want: undefined },
  { name: "of a pod that ended is at once", pod: ended(podOn("n1")), want: undefined },
  { name: "may be hastened", pod: goingIn(30), grace: 10, want: ["2026-01-01T12:00:05Z", 10] },
  { name: "may not be delayed", pod: goingIn(30), grace: 60, want: ["2026-01-01T12:00:25Z", 30] },
  { name: "a second time changes nothing", pod: goingIn(30), want: ["2026-01-01T12:00:25Z", 30] },
  { name: "may be forced", pod: goingIn(30), grace: 0, want: undefined },
];
for (const { name, pod, grace, want } of DELETIONS) {
  Deno.test(`deletion of a pod: ${name}`, () => {
    const options = grace === undefined ? {} : { gracePeriodSeconds: grace };
    const { metadata } = beginPodDeletion(pod, options, MOMENT) ?? {};
    const got = metadata &&
      [metadata.deletionTimestamp, metadata.deletionGracePeriodSeconds];
    assert.deepEqual(got, want);
  });
}

function podOn(nodeName: string | undefined, metadata: Partial<Pod["metadata"]> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "x", uid: "u1", resourceVersion: "7", ...metadata },
    spec: { containers: [], ...(nodeName && { nodeName }) },
  };
}

/** A pod whose deletion began five seconds ago. */
function goingIn(seconds: number): Pod {
  const due = Date.parse(MOMENT.now) + (seconds - 5) * 1000;
  return podOn("n1", {
    deletionTimestamp: `${new Date(due).toISOString().slice(0, 19)}Z`,
    deletionGracePeriodSeconds: seconds,
  });
}

function ended(pod: Pod): Pod {
  return { ...pod, status: { phase: "Succeeded" } };
}

function bindingTo(name: string, metadata: Partial<Binding["metadata"]> = {}): Binding {
  return {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name: "x", ...metadata },
    target: { kind: "Node", name },
  };
}
