import assert from "node:assert/strict";
import type { Pod } from "../api/types/core_v1.ts";
import { containerAt, containerSpec, deadAt, podWith, sandboxAt, T0 } from "./pod_fixtures.ts";
import type { RuntimeContainer } from "./runtime.ts";
import { shouldRestart } from "./restart_policy.ts";
import { type Observed, planSync, type Wanted } from "./sync.ts";

const ALWAYS = podWith({ restartPolicy: "Always" });
const NEVER = podWith({ restartPolicy: "Never" });
const ON_FAILURE = podWith({ restartPolicy: "OnFailure" });
const TWO = podWith({ containers: [containerSpec("a"), containerSpec("b")] });
const INIT = podWith({ initContainers: [containerSpec("i"), containerSpec("j")] });
const SIDECAR = podWith({
  restartPolicy: "Never",
  initContainers: [containerSpec("i"), containerSpec("s", { restartPolicy: "Always" })],
});
const SIDECARS = podWith({
  initContainers: ["s", "t"].map((name) => containerSpec(name, { restartPolicy: "Always" })),
});
const DEBUGGED = podWith({ ephemeralContainers: [{ name: "d", image: "d:1" }] });
const begun = ["s-0"];
const side = (change: Partial<RuntimeContainer> = {}) => containerAt({ name: "s", ...change });
const UP = sandboxAt();
const DOWN = sandboxAt({ state: "exited" });
const init = (name: string, change: Partial<RuntimeContainer> = {}) =>
  deadAt(0, { name, isInit: true, ...change });
const other = { sandboxId: "POD-9" };
const slow = { backOffSeconds: 10 };

// deno-fmt-ignore
const CASES: readonly {
  name: string; pod: Pod; has: RuntimeContainer[]; begun?: string[]; wanted?: Wanted; want: string[]
}[] = [
  { name: "makes a new pod",                         pod: ALWAYS, has: [],                                want: ["sandbox 0", "start a 0"] },
  { name: "leaves a running pod alone",              pod: ALWAYS, has: [UP, containerAt()],               want: [] },
  { name: "starts what lacks",                       pod: TWO,    has: [UP, containerAt()],               want: ["start b 0"] },
  { name: "restarts in place at once, the first time", pod: ALWAYS, has: [UP, deadAt(1)],                 want: ["start a 1"] },
  { name: "waits before the second time",            pod: ALWAYS, has: [UP, deadAt(1, { attempt: 1, ...slow })], want: ["wait a CrashLoopBackOff", "wake 11"] },
  { name: "keeps what has ended well",               pod: ON_FAILURE, has: [UP, deadAt(0)],               want: [] },
  { name: "restarts on failure what failed",         pod: ON_FAILURE, has: [UP, deadAt(1)],               want: ["start a 1"] },
  { name: "never restarts what should never",        pod: NEVER,  has: [UP, deadAt(1)],                   want: [] },
  { name: "replaces a container of a changed spec",  pod: ALWAYS, has: [UP, containerAt({ specHash: "x" })], want: ["stop a spec changed", "start a 1"] },
  { name: "replaces it whatever the policy",         pod: NEVER,  has: [UP, containerAt({ specHash: "x" })], want: ["stop a spec changed", "start a 1"] },
  { name: "restarts all with a new sandbox",         pod: TWO,    has: [DOWN, containerAt(), containerAt({ name: "b" })],
    want: ["stop a sandbox changed", "stop b sandbox changed", "remove POD-0", "release", "sandbox 1", "start a 1", "start b 1"] },
  { name: "makes no sandbox for what is over",       pod: NEVER,  has: [DOWN, deadAt(0)],                 want: ["remove POD-0", "release"] },
  { name: "makes what was created and left anew",    pod: ALWAYS, has: [UP, containerAt({ state: "created" })], want: ["remove a-0", "start a 0"] },
  { name: "counts a start that failed as an end",    pod: ALWAYS, has: [UP, containerAt({ state: "created", error: "no" })], want: ["start a 1"] },
  { name: "keeps one dead container besides",        pod: ALWAYS, has: [UP, deadAt(1), deadAt(1, { attempt: 1 }), containerAt({ attempt: 2 })], want: ["remove a-0"] },
  { name: "begins with the first init container",    pod: INIT,   has: [UP],                              want: ["start i 0"] },
  { name: "goes on with the second",                 pod: INIT,   has: [UP, init("i")],                   want: ["start j 0"] },
  { name: "waits while one runs",                    pod: INIT,   has: [UP, init("i"), containerAt({ name: "j" })], want: [] },
  { name: "starts the app after the last",           pod: INIT,   has: [UP, init("i"), init("j")],        want: ["start a 0"] },
  { name: "tries a failed init container again",     pod: INIT,   has: [UP, init("i", { exitCode: 1 })],  want: ["start i 1"] },
  { name: "runs init containers again in a new sandbox", pod: INIT, has: [UP, init("i", other), init("j", other)], want: ["start i 1"] },
  { name: "forgets them while the app runs",         pod: INIT,   has: [UP, containerAt()],               want: [] },
  { name: "starts a sidecar in its turn",            pod: SIDECAR, has: [UP, init("i")],                   want: ["start s 0"] },
  { name: "waits until the sidecar has started",     pod: SIDECAR, has: [UP, init("i"), side()],           want: [] },
  { name: "starts the app beside a started sidecar", pod: SIDECAR, has: [UP, init("i"), side()], begun,    want: ["start a 0"] },
  { name: "starts the app, the sidecar's end or not", pod: SIDECAR, has: [UP, init("i"), side(), containerAt()], want: [] },
  { name: "restarts a sidecar whatever the policy",  pod: SIDECAR, has: [UP, init("i"), side({ state: "exited", finishedAt: T0 + 1000 }), containerAt()], want: ["start s 1"] },
  { name: "starts the second sidecar after the first", pod: SIDECARS, has: [UP, side()], begun,            want: ["start t 0"] },
  { name: "ends sidecars after the app, the last first", pod: SIDECARS, has: [UP, side(), containerAt({ name: "t" }), containerAt()], wanted: "ended",
    want: ["stop a pod ended", "stop t pod ended", "stop s pod ended", "stop POD pod ended", "remove POD-0", "release"] },
  { name: "starts an ephemeral container beside the app", pod: DEBUGGED, has: [UP, containerAt()],         want: ["start d 0"] },
  { name: "never starts an ephemeral container again", pod: DEBUGGED, has: [UP, containerAt(), deadAt(1, { name: "d" })], want: [] },
  { name: "stops a deleted pod and its traces",      pod: ALWAYS, has: [UP, containerAt()], wanted: "gone", want: ["stop a pod deleted", "stop POD pod deleted", "remove POD-0", "remove a-0", "release"] },
  { name: "keeps the dead of a pod that has ended",  pod: NEVER,  has: [UP, deadAt(0)],     wanted: "ended", want: ["stop POD pod ended", "remove POD-0", "release"] },
  { name: "has nothing left to do for it then",      pod: NEVER,  has: [deadAt(0)],         wanted: "ended", want: [] },
];

for (const { name, pod, has, begun = [], wanted = "run", want } of CASES) {
  Deno.test(`planSync: ${name}`, () => {
    assert.deepEqual(textOf({ pod, containers: has, wanted, started: new Set(begun) }), want);
  });
}

Deno.test("planSync: restarts what fails its liveness probe, by the pod's policy", () => {
  const has = [UP, containerAt()];
  const unhealthy = new Map([["a-0", "liveness" as const]]);
  assert.deepEqual(textOf({ pod: ALWAYS, containers: has, unhealthy }), [
    "stop a unhealthy",
    "start a 1",
  ]);
  assert.deepEqual(textOf({ pod: NEVER, containers: has, unhealthy }), ["stop a unhealthy"]);
});

Deno.test("planSync: tries a start that failed again when its time has come", () => {
  const retryAt = new Map([["a", T0 + 20_000]]);
  assert.deepEqual(textOf({ pod: ALWAYS, containers: [UP], retryAt }), ["wake 20"]);
  const now = T0 + 20_000;
  assert.deepEqual(textOf({ pod: ALWAYS, containers: [UP], retryAt, now }), ["start a 0"]);
});

Deno.test("planSync: counts on from what the API remembers of lost containers", () => {
  const pod = podWith({}, {
    status: {
      containerStatuses: [{
        name: "a",
        image: "a:1",
        imageID: "",
        containerID: "docker://gone",
        ready: false,
        restartCount: 4,
      }],
    },
  });
  assert.deepEqual(textOf({ pod, containers: [] }), ["sandbox 0", "start a 5"]);
});

// deno-fmt-ignore
const POLICIES = [
  { policy: "Always",    want: [true,  true,  true]  },
  { policy: "OnFailure", want: [false, true,  true]  },
  { policy: "Never",     want: [false, false, false] },
] as const;
for (const { policy, want } of POLICIES) {
  Deno.test(`shouldRestart: ${policy} after 0, 1 and 137 is ${want.join(", ")}`, () => {
    const pod = podWith({ restartPolicy: policy });
    const answers = [0, 1, 137].map((code) => shouldRestart(pod, deadAt(code)));
    assert.deepEqual(answers, want);
  });
}

function textOf(observed: Partial<Observed> & Pick<Observed, "pod" | "containers">): string[] {
  const plan = planSync({
    wanted: "run",
    unhealthy: new Map(),
    started: new Set(),
    retryAt: new Map(),
    now: T0 + 2000,
    ...observed,
  });
  const { sandbox, wakeAt } = plan;
  return [
    ...plan.stop.map(({ container, why }) => `stop ${container.name} ${why}`).sort(byApp),
    ...plan.remove.map((id) => `remove ${id}`),
    ...plan.releases ? ["release"] : [],
    ...sandbox !== undefined && !("id" in sandbox) ? [`sandbox ${sandbox.attempt}`] : [],
    ...plan.start.map(({ container, attempt }) => `start ${container.name} ${attempt}`),
    ...[...plan.waiting].map(([name, { reason }]) => `wait ${name} ${reason}`),
    ...wakeAt === undefined ? [] : [`wake ${(wakeAt - T0) / 1000}`],
  ];
}

/** Sandboxes are last, as planned; the order of the others does not matter. */
function byApp(a: string, b: string): number {
  return Number(a.includes("POD")) - Number(b.includes("POD"));
}
