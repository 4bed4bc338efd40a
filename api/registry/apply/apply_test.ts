import assert from "node:assert/strict";
import type { JsonObject } from "../../types/json.ts";
import type { KubeObject } from "../../types/meta.ts";
import { ObjectMeta, TYPE_META } from "../../types/meta.ts";
import {
  any,
  defaulted,
  int32,
  list,
  map,
  messagesOf,
  optional,
  required,
  string,
} from "../../types/schema.ts";
import { hasReason, StatusError } from "../../types/status.ts";
import { pathsOf } from "./field_set.ts";
import { readConfig } from "./config.ts";
import type { Managed } from "./managers.ts";
import { pathText } from "./path_element.ts";
import { planApply } from "./plan_apply.ts";
import { managedAfterCreate, managedAfterUpdate } from "./track_update.ts";

const message = messagesOf("io.example.v1");
const Port = message("Port", {
  port: required(1, int32),
  protocol: defaulted(2, string, "TCP"),
  note: optional(3, string),
});
const Step = message("Step", {
  name: required(1, string),
  image: optional(2, string),
  env: optional(3, map(string)),
  ports: optional(4, list(Port, { mapKeys: ["port", "protocol"] })),
});
const Limits = message("Limits", { cpu: optional(1, string), memory: optional(2, string) });
const Reference = message("Reference", {
  kind: optional(1, string),
  name: optional(2, string),
}, { isAtomic: true });
const Spec = message("Spec", {
  replicas: optional(1, int32),
  mode: optional(2, string),
  limits: optional(3, Limits),
  labels: optional(4, map(string)),
  selector: optional(5, map(string, { isAtomic: true })),
  target: optional(6, Reference),
  args: optional(7, list(string)),
  tags: optional(8, list(string, { isSet: true })),
  steps: optional(9, list(Step, { mergeKey: "name" })),
  ports: optional(10, list(Port, { mapKeys: ["port", "protocol"] })),
  addresses: optional(11, list(Step, { mergeKey: "name", isAtomic: true })),
  free: optional(12, any),
});
const Thing = message("Thing", {
  ...TYPE_META,
  metadata: required(1, ObjectMeta),
  spec: required(2, Spec),
});

type Verb = "applies" | "forces" | "updates";
interface Case {
  readonly name: string;
  /** Who does what, with which spec: an apply says all it wants, an update what all will be. */
  readonly steps: readonly (readonly [string, Verb, JsonObject])[];
  /** The spec afterwards. */
  readonly spec?: JsonObject;
  /** Paths below `.spec` of each manager; an apply and an update of one name stand apart as `a` and `a*`. */
  readonly owners?: Readonly<Record<string, string>>;
  /** What the last step is refused with. */
  readonly conflict?: string;
}

const step = (name: string, rest: JsonObject = {}) => ({ name, ...rest });

const CASES: readonly Case[] = [
  // scalars
  {
    name: "who applies first owns what it says",
    steps: [["a", "applies", { replicas: 1, mode: "x" }]],
    spec: { replicas: 1, mode: "x" },
    owners: { a: ".mode .replicas" },
  },
  {
    name: "two with the same value share it",
    steps: [["a", "applies", { replicas: 1 }], ["b", "applies", { replicas: 1 }]],
    owners: { a: ".replicas", b: ".replicas" },
  },
  {
    name: "another value is a conflict",
    steps: [["a", "applies", { replicas: 1 }], ["b", "applies", { replicas: 2 }]],
    conflict: 'Apply failed with 1 conflict: conflict with "a": .spec.replicas',
  },
  {
    name: "another value than an update's is a conflict with its version",
    steps: [["a", "updates", { replicas: 1 }], ["b", "applies", { replicas: 2 }]],
    conflict: 'Apply failed with 1 conflict: conflict with "a" using example.io/v1: .spec.replicas',
  },
  {
    name: "several conflicts are listed by manager",
    steps: [
      ["b", "applies", { mode: "x" }],
      ["a", "applies", { replicas: 1, labels: { k: "v" } }],
      ["c", "applies", { replicas: 2, mode: "y", labels: { k: "w" } }],
    ],
    conflict: 'Apply failed with 3 conflicts: conflicts with "a":\n- .spec.replicas\n' +
      '- .spec.labels.k\nconflicts with "b":\n- .spec.mode',
  },
  {
    name: "force takes the field",
    steps: [["a", "applies", { replicas: 1, mode: "x" }], ["b", "forces", { replicas: 2 }]],
    spec: { replicas: 2, mode: "x" },
    owners: { a: ".mode", b: ".replicas" },
  },
  {
    name: "who loses everything is forgotten",
    steps: [["a", "applies", { replicas: 1 }], ["b", "forces", { replicas: 2 }]],
    owners: { b: ".replicas" },
  },
  {
    name: "what is left out goes when nobody else holds it",
    steps: [["a", "applies", { replicas: 1, mode: "x" }], ["a", "applies", { mode: "x" }]],
    spec: { mode: "x" },
    owners: { a: ".mode" },
  },
  {
    name: "what is left out stays when another holds it",
    steps: [
      ["a", "applies", { replicas: 1, mode: "x" }],
      ["b", "applies", { replicas: 1 }],
      ["a", "applies", { mode: "x" }],
    ],
    spec: { replicas: 1, mode: "x" },
    owners: { a: ".mode", b: ".replicas" },
  },
  {
    name: "what was never said stays",
    steps: [["u", "updates", { replicas: 1, mode: "x" }], ["a", "applies", { mode: "x" }]],
    spec: { replicas: 1, mode: "x" },
    owners: { a: ".mode", "u*": ".mode .replicas" },
  },
  {
    name: "who changes the own value meets no conflict",
    steps: [["a", "applies", { replicas: 1 }], ["a", "applies", { replicas: 2 }]],
    spec: { replicas: 2 },
    owners: { a: ".replicas" },
  },
  {
    name: "a change of what another shares is a conflict",
    steps: [
      ["a", "applies", { replicas: 1 }],
      ["b", "applies", { replicas: 1 }],
      ["a", "applies", { replicas: 2 }],
    ],
    conflict: 'Apply failed with 1 conflict: conflict with "b": .spec.replicas',
  },
  {
    name: "the same manager is another one when it updates",
    steps: [["a", "updates", { replicas: 1 }], ["a", "applies", { replicas: 2 }]],
    conflict: 'Apply failed with 1 conflict: conflict with "a" using example.io/v1: .spec.replicas',
  },
  {
    name: "an update takes from all others",
    steps: [
      ["a", "applies", { replicas: 1, mode: "x" }],
      ["b", "applies", { replicas: 1 }],
      ["u", "updates", { replicas: 5, mode: "x" }],
    ],
    owners: { a: ".mode", "u*": ".replicas" },
  },
  {
    name: "an update that removes a field leaves it with nobody",
    steps: [["a", "applies", { replicas: 1, mode: "x" }], ["u", "updates", { mode: "x" }]],
    spec: { mode: "x" },
    owners: { a: ".mode" },
  },
  {
    name: "an update that changes nothing owns nothing",
    steps: [["a", "applies", { replicas: 1 }], ["u", "updates", { replicas: 1 }]],
    owners: { a: ".replicas" },
  },
  // messages and maps
  {
    name: "a message is owned by its fields",
    steps: [
      ["a", "applies", { limits: { cpu: "1" } }],
      ["b", "applies", { limits: { memory: "1Gi" } }],
    ],
    spec: { limits: { cpu: "1", memory: "1Gi" } },
    owners: { a: ".limits.cpu", b: ".limits.memory" },
  },
  {
    name: "an empty message is owned itself",
    steps: [["a", "applies", { limits: {} }]],
    spec: { limits: {} },
    owners: { a: ".limits" },
  },
  {
    name: "a message that loses its last field goes",
    steps: [["a", "applies", { limits: { cpu: "1" }, mode: "x" }], [
      "a",
      "applies",
      { mode: "x" },
    ]],
    spec: { mode: "x" },
  },
  {
    name: "entries of a map are owned one by one",
    steps: [
      ["a", "applies", { labels: { one: "1" } }],
      ["b", "applies", { labels: { two: "2" } }],
    ],
    spec: { labels: { one: "1", two: "2" } },
    owners: { a: ".labels.one", b: ".labels.two" },
  },
  {
    name: "an entry that is left out goes, those of others stay",
    steps: [
      ["a", "applies", { labels: { one: "1", also: "x" } }],
      ["b", "applies", { labels: { two: "2" } }],
      ["a", "applies", { labels: { also: "x" } }],
    ],
    spec: { labels: { also: "x", two: "2" } },
    owners: { a: ".labels.also", b: ".labels.two" },
  },
  {
    name: "a new map is the updater's, with its entries",
    steps: [["a", "applies", { mode: "x" }], ["u", "updates", { mode: "x", labels: { k: "v" } }]],
    owners: { a: ".mode", "u*": ".labels .labels.k" },
  },
  {
    name: "an atomic map is owned as a whole",
    steps: [["a", "applies", { selector: { one: "1" } }], [
      "b",
      "applies",
      { selector: { two: "2" } },
    ]],
    conflict: 'Apply failed with 1 conflict: conflict with "a": .spec.selector',
  },
  {
    name: "an atomic map is replaced by its owner",
    steps: [["a", "applies", { selector: { one: "1" } }], [
      "a",
      "applies",
      { selector: { two: "2" } },
    ]],
    spec: { selector: { two: "2" } },
    owners: { a: ".selector" },
  },
  {
    name: "an atomic message is owned as a whole",
    steps: [["a", "applies", { target: { kind: "K", name: "n" } }], [
      "b",
      "forces",
      { target: { name: "m" } },
    ]],
    spec: { target: { name: "m" } },
    owners: { b: ".target" },
  },
  {
    name: "an atomic message with the same value is shared",
    steps: [["a", "applies", { target: { name: "n" } }], ["b", "applies", {
      target: { name: "n" },
    }]],
    owners: { a: ".target", b: ".target" },
  },
  // lists
  {
    name: "a plain list is atomic",
    steps: [["a", "applies", { args: ["x"] }], ["b", "applies", { args: ["x", "y"] }]],
    conflict: 'Apply failed with 1 conflict: conflict with "a": .spec.args',
  },
  {
    name: "a plain list is replaced by its owner",
    steps: [["a", "applies", { args: ["x", "y"] }], ["a", "applies", { args: ["z"] }]],
    spec: { args: ["z"] },
    owners: { a: ".args" },
  },
  {
    name: "a list may be atomic though patches have a key for it",
    steps: [["a", "applies", { addresses: [step("x")] }], ["a", "applies", {
      addresses: [step("y")],
    }]],
    spec: { addresses: [step("y")] },
    owners: { a: ".addresses" },
  },
  {
    name: "items of a set are owned one by one",
    steps: [["a", "applies", { tags: ["x"] }], ["b", "applies", { tags: ["y"] }]],
    spec: { tags: ["x", "y"] },
    owners: { a: '.tags[="x"]', b: '.tags[="y"]' },
  },
  {
    name: "an item of a set goes with its last owner",
    steps: [
      ["a", "applies", { tags: ["x", "y"] }],
      ["b", "applies", { tags: ["y"] }],
      ["a", "applies", { mode: "m" }],
    ],
    spec: { tags: ["y"], mode: "m" },
    owners: { a: ".mode", b: '.tags[="y"]' },
  },
  {
    name: "items with keys are owned by their fields",
    steps: [
      ["a", "applies", { steps: [step("one", { image: "i" })] }],
      ["b", "applies", { steps: [step("one", { env: { K: "v" } })] }],
    ],
    spec: { steps: [step("one", { image: "i", env: { K: "v" } })] },
    owners: {
      a: '.steps[name="one"] .steps[name="one"].image .steps[name="one"].name',
      b: '.steps[name="one"] .steps[name="one"].name .steps[name="one"].env.K',
    },
  },
  {
    name: "a conflict names the item by its key",
    steps: [
      ["a", "applies", { steps: [step("one", { image: "i" })] }],
      ["b", "applies", { steps: [step("one", { image: "j" })] }],
    ],
    conflict: 'Apply failed with 1 conflict: conflict with "a": .spec.steps[name="one"].image',
  },
  {
    name: "an item that is left out goes",
    steps: [
      ["a", "applies", { steps: [step("one"), step("two")] }],
      ["a", "applies", { steps: [step("two")] }],
    ],
    spec: { steps: [step("two")] },
    owners: { a: '.steps[name="two"] .steps[name="two"].name' },
  },
  {
    name: "an item that another needs stays with what it needs",
    steps: [
      ["a", "applies", { steps: [step("one", { image: "i" })] }],
      ["b", "applies", { steps: [step("one")] }],
      ["a", "applies", { mode: "x" }],
    ],
    spec: { steps: [step("one")], mode: "x" },
    owners: { a: ".mode", b: '.steps[name="one"] .steps[name="one"].name' },
  },
  {
    name: "a key that is left out counts with its default",
    steps: [
      ["a", "applies", { ports: [{ port: 80 }] }],
      ["b", "applies", { ports: [{ port: 80, protocol: "TCP", note: "n" }] }],
    ],
    spec: { ports: [{ port: 80, protocol: "TCP", note: "n" }] },
    owners: {
      a: '.ports[port=80,protocol="TCP"] .ports[port=80,protocol="TCP"].port',
      b: '.ports[port=80,protocol="TCP"] .ports[port=80,protocol="TCP"].note ' +
        '.ports[port=80,protocol="TCP"].port .ports[port=80,protocol="TCP"].protocol',
    },
  },
  {
    name: "two keys tell items apart",
    steps: [
      ["a", "applies", { ports: [{ port: 80, protocol: "TCP" }] }],
      ["b", "applies", { ports: [{ port: 80, protocol: "UDP" }] }],
    ],
    spec: { ports: [{ port: 80, protocol: "TCP" }, { port: 80, protocol: "UDP" }] },
  },
  {
    name: "lists within items merge as well",
    steps: [
      ["a", "applies", { steps: [step("one", { ports: [{ port: 1 }] })] }],
      ["b", "applies", { steps: [step("one", { ports: [{ port: 2 }] })] }],
    ],
    spec: { steps: [step("one", { ports: [{ port: 1 }, { port: 2 }] })] },
  },
  {
    name: "items of a configuration come in its order",
    steps: [
      ["u", "updates", { steps: [step("x"), step("one"), step("y"), step("two")] }],
      ["a", "applies", { steps: [step("two"), step("new"), step("one")] }],
    ],
    spec: { steps: [step("x"), step("y"), step("two"), step("new"), step("one")] },
  },
  {
    name: "new items of a configuration come after those of others",
    steps: [
      ["u", "updates", { tags: ["p", "q"] }],
      ["a", "applies", { tags: ["r", "q"] }],
    ],
    spec: { tags: ["p", "r", "q"] },
  },
  {
    name: "an item that comes twice on the server is replaced by the one that is applied",
    steps: [
      ["u", "updates", { ports: [{ port: 1, note: "a" }, { port: 1, note: "b" }] }],
      ["a", "forces", { ports: [{ port: 1, note: "c" }] }],
    ],
    spec: { ports: [{ port: 1, note: "c" }] },
  },
  // free JSON
  {
    name: "objects of free JSON are owned by their fields",
    steps: [
      ["a", "applies", { free: { x: { one: 1 } } }],
      ["b", "applies", { free: { x: { two: 2 } } }],
    ],
    spec: { free: { x: { one: 1, two: 2 } } },
    owners: {
      a: ".free.x .free.x.one",
      b: ".free.x .free.x.two",
    },
  },
  {
    name: "lists of free JSON are atomic",
    steps: [["a", "applies", { free: { x: [1] } }], ["b", "applies", { free: { x: [2] } }]],
    conflict: 'Apply failed with 1 conflict: conflict with "a": .spec.free.x',
  },
  // updates of containers
  {
    name: "a new item is the updater's, with its fields",
    steps: [["a", "applies", { mode: "x" }], [
      "u",
      "updates",
      { mode: "x", steps: [step("one", { image: "i" })] },
    ]],
    owners: {
      a: ".mode",
      "u*": '.steps .steps[name="one"] .steps[name="one"].image .steps[name="one"].name',
    },
  },
  {
    name: "an item that is changed in place is the updater's where it changed",
    steps: [
      ["a", "applies", { steps: [step("one", { image: "i" })] }],
      ["u", "updates", { steps: [step("one", { image: "j" })] }],
    ],
    owners: {
      a: '.steps[name="one"] .steps[name="one"].name',
      "u*": '.steps[name="one"].image',
    },
  },
  {
    name: "a forced apply takes one field of an item",
    steps: [
      ["u", "updates", { steps: [step("one", { image: "i" })] }],
      ["a", "forces", { steps: [step("one", { image: "j" })] }],
    ],
    spec: { steps: [step("one", { image: "j" })] },
    owners: {
      a: '.steps[name="one"] .steps[name="one"].image .steps[name="one"].name',
      "u*": '.steps .steps[name="one"] .steps[name="one"].name',
    },
  },
];

for (const { name, steps, spec, owners, conflict } of CASES) {
  Deno.test(`apply: ${name}`, () => {
    const before = steps.slice(0, conflict === undefined ? steps.length : -1);
    const live = before.reduce<KubeObject | undefined>(taken, undefined)!;
    if (conflict !== undefined) {
      const refused = (error: unknown) =>
        hasReason(error, "Conflict") && (error as Error).message === conflict;
      return void assert.throws(() => taken(live, steps.at(-1)!, 9), refused);
    }
    if (spec !== undefined) assert.deepEqual(specOf(live), spec);
    if (owners !== undefined) assert.deepEqual(ownersOf(live), owners);
  });
}

function taken(
  live: KubeObject | undefined,
  [manager, verb, spec]: readonly [string, Verb, JsonObject],
  second: number,
): KubeObject {
  const now = `2026-01-01T00:00:0${second}Z`;
  const json = { ...HEAD, metadata: { name: "it" }, spec };
  const start: KubeObject = { ...HEAD, metadata: { name: "it", uid: "u" } };
  if (verb === "updates") {
    const identity = { manager, operation: "Update", apiVersion: HEAD.apiVersion } as const;
    const next = { ...json, metadata: { ...(live ?? start).metadata } };
    const managed = live === undefined
      ? managedAfterCreate(Thing, next, identity, now)
      : managedAfterUpdate(Thing, { live, next, said: undefined, identity, now });
    return withManaged(next, managed);
  }
  const subject = { ...HEAD, namespace: "default", name: "it" };
  const config = readConfig(Thing, json, subject);
  const identity = { manager, operation: "Apply", apiVersion: HEAD.apiVersion } as const;
  const application = { config, identity, isForced: verb === "forces", now };
  const { object, managedFields } = planApply(Thing, live ?? start, application);
  return withManaged(object as unknown as KubeObject, managedFields);
}

const HEAD = { apiVersion: "example.io/v1", kind: "Thing" };

function withManaged(object: KubeObject, managed: readonly unknown[] | undefined): KubeObject {
  const managedFields = (managed ?? []) as Managed[];
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

const specOf = (object: KubeObject) => (object as KubeObject & { spec?: unknown }).spec;

function ownersOf({ metadata }: KubeObject): Record<string, string> {
  const entries = metadata.managedFields as Managed[];
  return Object.fromEntries(entries.map(({ manager, operation, fieldsV1 }) => [
    `${manager}${operation === "Update" ? "*" : ""}`,
    [...pathsOf(fieldsV1["f:spec"] ?? {})].map(pathText).join(" "),
  ]));
}

const REFUSED: readonly { name: string; json: JsonObject; why: RegExp }[] = [
  { name: "no version", json: { kind: "Thing" }, why: /Incorrect version specified/ },
  {
    name: "another version",
    json: { apiVersion: "v2", kind: "Thing" },
    why: /Specified patch version: v2, expected: example.io\/v1/,
  },
  { name: "another kind", json: { ...HEAD, kind: "Other" }, why: /invalid object type/ },
  {
    name: "managed fields",
    json: { ...HEAD, metadata: { managedFields: [] } },
    why: /metadata.managedFields must be nil/,
  },
  {
    name: "an unknown field",
    json: { ...HEAD, spec: { foo: 1 } },
    why: /\(default\/it; example.io\/v1, Kind=Thing\): \.spec\.foo: field not declared in schema/,
  },
  { name: "a wrong type", json: { ...HEAD, spec: { replicas: "x" } }, why: /spec\.replicas/ },
  {
    name: "an item that comes twice",
    json: { ...HEAD, spec: { steps: [step("x"), step("x")] } },
    why: /\.spec\.steps: duplicate entries for key \[name="x"\]/,
  },
  {
    name: "an item without its key",
    json: { ...HEAD, spec: { steps: [{ image: "i" }] } },
    why: /omits all key fields \["name"\]/,
  },
  {
    name: "an item of a set that comes twice",
    json: { ...HEAD, spec: { tags: ["x", "x"] } },
    why: /duplicate entries for key \[="x"\]/,
  },
];

for (const { name, json, why } of REFUSED) {
  Deno.test(`apply: refuses ${name}`, () => {
    const subject = { ...HEAD, namespace: "default", name: "it" };
    assert.throws(() => readConfig(Thing, json, subject), (error: unknown) => {
      assert.ok(error instanceof StatusError && error.reason === "BadRequest");
      return why.test(error.message);
    });
  });
}

Deno.test("apply: any sequence of writes keeps the promises", () => {
  for (let seed = 1; seed <= 150; seed += 1) holdsPromises(seed);
});

/** A failure names the seed. */
function holdsPromises(seed: number): void {
  const random = randomFrom(seed);
  let live: KubeObject | undefined;
  for (let turn = 0; turn < 8; turn += 1) {
    const verb = (["applies", "forces", "updates"] as const)[random(3)]!;
    const act = ["a", "b", "c"][random(3)]!;
    const spec = specFrom(random);
    const before = structuredClone(live);
    const next = tried(live, [act, verb, spec]);
    assert.deepEqual(live, before, `seed ${seed}: the live object has changed`);
    if (next === undefined) continue;
    const { fieldsV1 = {} } = entryFor(next, act, verb) ?? {};
    const isHeldByNobody = next.metadata.managedFields?.length === 0;
    if (verb !== "updates" && !isHeldByNobody) {
      const fields = new Set([...pathsOf(fieldsV1)].map(pathText));
      for (const path of Object.keys(spec)) {
        const isHeld = [...fields].some((field) => field.startsWith(`.spec.${path}`));
        const isBare = Array.isArray(spec[path]) && (spec[path] as unknown[]).length === 0;
        assert.ok(isHeld || isBare, `seed ${seed}: ${act} does not hold ${path}`);
      }
      const again = tried(next, [act, verb, spec]);
      assert.deepEqual(specOf(again!), specOf(next), `seed ${seed}: a second time changes it`);
      assert.deepEqual(ownersOf(again!), ownersOf(next), `seed ${seed}: a second time`);
    }
    live = next;
  }
}

/** @returns undefined on a conflict, which an apply alone may meet */
function tried(
  live: KubeObject | undefined,
  turn: readonly [string, Verb, JsonObject],
): KubeObject | undefined {
  try {
    return taken(live, turn, 1);
  } catch (error) {
    if (hasReason(error, "Conflict") && turn[1] === "applies") return undefined;
    throw error;
  }
}

function entryFor({ metadata }: KubeObject, manager: string, verb: Verb): Managed | undefined {
  const operation = verb === "updates" ? "Update" : "Apply";
  const entries = metadata.managedFields as Managed[];
  return entries.find((entry) => entry.manager === manager && entry.operation === operation);
}

function specFrom(random: (below: number) => number): JsonObject {
  const some = (names: readonly string[]) => names.filter(() => random(2) === 0);
  const all: JsonObject = {
    replicas: random(3),
    limits: Object.fromEntries(some(["cpu", "memory"]).map((name) => [name, `${random(2)}`])),
    labels: Object.fromEntries(some(["x", "y", "z"]).map((name) => [name, `${random(2)}`])),
    selector: { k: `${random(2)}` },
    args: some(["p", "q"]),
    tags: some(["r", "s", "t"]),
    steps: some(["one", "two", "three"]).map((name) => step(name, { image: `${random(2)}` })),
    ports: some(["TCP", "UDP"]).map((protocol) => ({ port: 80, protocol })),
    free: { deep: { n: random(2), list: [random(2)] } },
  };
  return Object.fromEntries(some(Object.keys(all)).map((name) => [name, all[name]]));
}

/** A linear congruential generator: the same seed, the same run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 >>> 0;
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}
