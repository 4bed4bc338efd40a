/** Who writes what in turn, and whose it is then. */
import type { JsonObject } from "../../types/json.ts";
import { step, type Verb } from "./apply_world_contract.ts";

export interface Case {
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

export const CASES: readonly Case[] = [
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
