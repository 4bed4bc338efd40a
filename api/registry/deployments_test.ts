import assert from "node:assert/strict";
import type { DaemonSet, Deployment, StatefulSet } from "../types/apps_v1.ts";
import { daemonSets } from "./daemonsets.ts";
import { deployments } from "./deployments.ts";
import type { AnyKind } from "./kind.ts";
import { prepared, refusals, updateRefusals } from "./kinds_fixture.ts";
import { replicaSets } from "./replicasets.ts";
import { statefulSets } from "./statefulsets.ts";

type Json = Readonly<Record<string, unknown>>;

Deno.test("deployments: what is filled in", () => {
  const { spec, metadata } = prepared<Deployment>(deployments, workload({}));
  const { replicas, revisionHistoryLimit, progressDeadlineSeconds, strategy } = spec;
  assert.deepEqual({ replicas, revisionHistoryLimit, progressDeadlineSeconds, strategy }, {
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: {
      type: "RollingUpdate",
      rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" },
    },
  });
  assert.equal(metadata.generation, 1);
});

Deno.test("statefulsets and daemonsets: what is filled in", () => {
  const set = prepared<StatefulSet>(statefulSets, workload({})).spec;
  assert.deepEqual(
    [set.podManagementPolicy, set.updateStrategy, set.persistentVolumeClaimRetentionPolicy],
    [
      "OrderedReady",
      { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      { whenDeleted: "Retain", whenScaled: "Retain" },
    ],
  );
  assert.deepEqual(prepared<DaemonSet>(daemonSets, workload({})).spec.updateStrategy, {
    type: "RollingUpdate",
    rollingUpdate: { maxUnavailable: 1, maxSurge: 0 },
  });
});

const NO_PERCENT = "a valid percent string must be a numeric string followed by an ending '%' " +
  "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

const WRONG: readonly { name: string; kind: AnyKind; spec: Json; want: string[] }[] = [
  {
    name: "no selector",
    kind: replicaSets,
    spec: { selector: undefined },
    want: ["spec.selector: Required value"],
  },
  {
    name: "a selector of nothing",
    kind: deployments,
    spec: { selector: {} },
    want: ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
  },
  {
    name: "pods that it does not select",
    kind: daemonSets,
    spec: { selector: { matchLabels: { app: "db" } } },
    want: [
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match ' +
      "template `labels`",
    ],
  },
  {
    name: "neither more nor fewer pods in an update",
    kind: deployments,
    spec: { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: "0%" } } },
    want: [
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when ' +
      "`maxSurge` is 0",
    ],
  },
  {
    name: "amounts that are none",
    kind: deployments,
    spec: { strategy: { rollingUpdate: { maxSurge: "some", maxUnavailable: "101%" } } },
    want: [
      `spec.strategy.rollingUpdate.maxSurge: Invalid value: "some": ${NO_PERCENT}`,
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater ' +
      "than 100%",
    ],
  },
  {
    name: "no time for progress",
    kind: deployments,
    spec: { minReadySeconds: 600 },
    want: [
      "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds",
    ],
  },
  {
    name: "an unknown order of starting",
    kind: statefulSets,
    spec: { podManagementPolicy: "Random" },
    want: [
      "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'",
    ],
  },
  {
    name: "no node that may be without a pod",
    kind: daemonSets,
    spec: { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } },
    want: [
      "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when " +
      "maxSurge is 0",
    ],
  },
];
for (const { name, kind, spec, want } of WRONG) {
  Deno.test(`${kind.resource.resource}: refused for ${name}`, () => {
    assert.deepEqual(refusals(kind, workload(spec)), want);
  });
}

Deno.test("deployments: the selector stays as it is", () => {
  const change = (deployment: Deployment) => {
    const labels = { app: "web", more: "yes" };
    deployment.spec.selector = { matchLabels: labels };
    deployment.spec.template.metadata.labels = labels;
    return deployment;
  };
  assert.deepEqual(updateRefusals(deployments, workload({}), change), [
    'spec.selector: Invalid value: {"matchLabels":{"app":"web","more":"yes"}}: field is immutable',
  ]);
});

function workload(spec: Json): Json {
  const labels = { app: "web" };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: "web", image: "web:1" }] },
  };
  const whole = { selector: { matchLabels: labels }, template, ...spec };
  return { metadata: { name: "web" }, spec: JSON.parse(JSON.stringify(whole)) };
}
