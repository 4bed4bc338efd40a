import assert from "node:assert/strict";
import type { ReplicaSet } from "../../api/types/apps_v1.ts";
import { fencepostsOf } from "./fenceposts.ts";
import { sizeOfNew, type Sizes, sizesOfOld, sizesWhenScaled } from "./sizes.ts";

/** `name size/available`, oldest first. */
function setsOf(text: string): ReplicaSet[] {
  return text.split(", ").filter((one) => one !== "").map((one, i) => {
    const [, name = "", size, available] = /^(\w+) (\d+)\/(\d+)$/.exec(one) ?? [];
    return {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name, creationTimestamp: `2026-01-01T00:00:0${i}Z`, annotations: {} },
      spec: {
        replicas: Number(size),
        selector: {},
        template: { metadata: { name: "" }, spec: { containers: [] } },
      },
      status: { replicas: Number(size), availableReplicas: Number(available) },
    };
  });
}

const textOf = (sizes: Sizes) =>
  [...sizes].map(([{ metadata }, size]) => `${metadata.name} ${size}`).join(", ");

// deno-fmt-ignore
const NEW = [
  { name: "grows up to the surge",              now: 0,  all: 10, wanted: 10, maxSurge: 3,  want: 3 },
  { name: "does not grow without room",         now: 3,  all: 13, wanted: 10, maxSurge: 3,  want: 3 },
  { name: "does not grow past what is wanted",  now: 8,  all: 8,  wanted: 10, maxSurge: 3,  want: 10 },
  { name: "shrinks to what is wanted",          now: 12, all: 12, wanted: 10, maxSurge: 3,  want: 10 },
  { name: "waits where nothing may be added",   now: 0,  all: 10, wanted: 10, maxSurge: 0,  want: 0 },
  { name: "takes what the old gave up",         now: 0,  all: 8,  wanted: 10, maxSurge: 0,  want: 2 },
];

for (const { name, now, all, wanted, maxSurge, want } of NEW) {
  Deno.test(`deployment: the new set ${name}`, () => {
    assert.equal(sizeOfNew(now, all, { wanted, maxSurge, maxUnavailable: 0 }), want);
  });
}

// deno-fmt-ignore
const OLD = [
  { name: "give up what may be missing",              sets: "old 10/10, new 3/0",          wanted: 10, maxUnavailable: 2, want: "old 8" },
  { name: "wait for the new ones",                    sets: "old 8/8, new 5/0",            wanted: 10, maxUnavailable: 2, want: "" },
  { name: "give up one for each new one",             sets: "old 8/8, new 5/2",            wanted: 10, maxUnavailable: 2, want: "old 6" },
  { name: "give up those first that are missing anyway", sets: "old 10/8, new 0/0",        wanted: 10, maxUnavailable: 2, want: "old 8" },
  { name: "give up the oldest first",                 sets: "a 4/4, b 6/6, new 3/3",       wanted: 10, maxUnavailable: 2, want: "a 0, b 5" },
  { name: "all go once the new are there",            sets: "old 3/3, new 10/10",          wanted: 10, maxUnavailable: 0, want: "old 0" },
  { name: "keep all where none may be missing",       sets: "old 10/10, new 3/0",          wanted: 10, maxUnavailable: 0, want: "" },
];

for (const { name, sets, wanted, maxUnavailable, want } of OLD) {
  Deno.test(`deployment: the old sets ${name}`, () => {
    const all = setsOf(sets);
    const newest = all.at(-1)!;
    const old = all.slice(0, -1);
    assert.equal(textOf(sizesOfOld(newest, old, { wanted, maxSurge: 3, maxUnavailable })), want);
  });
}

// deno-fmt-ignore
const SCALED = [
  { name: "alone takes all",                            sets: "new 10/10",            wanted: 20, before: 10, want: "new 20" },
  { name: "share what is added by their sizes",         sets: "old 8/8, new 5/5",     wanted: 15, before: 10, want: "old 11, new 7" },
  { name: "share what is taken by their sizes",         sets: "old 8/8, new 5/5",     wanted: 5,  before: 10, want: "old 5, new 3" },
  { name: "go to nothing together",                     sets: "old 8/8, new 5/5",     wanted: 0,  before: 10, want: "old 0, new 0" },
];

for (const { name, sets, wanted, before, want } of SCALED) {
  Deno.test(`deployment: scaled in a rollout, sets ${name}`, () => {
    const all = setsOf(sets).map((set) => ({
      ...set,
      metadata: {
        ...set.metadata,
        annotations: {
          "deployment.kubernetes.io/desired-replicas": String(before),
          "deployment.kubernetes.io/max-replicas": String(before + 3),
        },
      },
    }));
    const fenceposts = { wanted, maxSurge: 3, maxUnavailable: 2, isRolling: true, before };
    assert.equal(textOf(sizesWhenScaled(all.at(-1), all.slice(0, -1), fenceposts)), want);
  });
}

// Source of the cases: Kubernetes, ResolveFenceposts.
// deno-fmt-ignore
const FENCEPOSTS = [
  { maxSurge: "0%",  maxUnavailable: "0%",   replicas: 0,  want: [0, 0] },
  { maxSurge: "39%", maxUnavailable: "39%",  replicas: 10, want: [4, 3] },
  { maxSurge: "50%", maxUnavailable: "50%",  replicas: 1,  want: [1, 0] },
  { maxSurge: "0%",  maxUnavailable: "1%",   replicas: 10, want: [0, 1] },
  { maxSurge: 2,     maxUnavailable: 3,      replicas: 10, want: [2, 3] },
  { maxSurge: 0,     maxUnavailable: "100%", replicas: 4,  want: [0, 4] },
  { maxSurge: 1,     maxUnavailable: 9,      replicas: 4,  want: [1, 4] },
];

for (const { maxSurge, maxUnavailable, replicas, want } of FENCEPOSTS) {
  Deno.test(`deployment: ${replicas} pods with surge ${maxSurge} and ${maxUnavailable} unavailable`, () => {
    const fenceposts = fencepostsOf({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        replicas,
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } },
        selector: {},
        template: { metadata: { name: "" }, spec: { containers: [] } },
      },
    });
    assert.deepEqual([fenceposts.maxSurge, fenceposts.maxUnavailable], want);
  });
}
