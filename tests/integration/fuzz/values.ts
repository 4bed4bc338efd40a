import type { AnySchema, MessageSchema } from "../../../api/types/schema.ts";
import type { Choices } from "../choices.ts";

const DEEP = 9;

const SCALARS: Readonly<Record<string, readonly unknown[]>> = {
  string: [
    "a",
    "web",
    "default",
    "Always",
    "10.96.0.7",
    "10.0.0.0/24",
    "/data",
    "*",
    "x.io/y",
    "",
    "é",
    "A B",
  ],
  int32: [0, 1, 80, 8080, 30001, 65535, -1, 2 ** 31 - 1],
  int64: [0, 1, 30, 3600, -1, 2 ** 53 - 1],
  double: [0, 0.5, -1e9],
  boolean: [true, false],
  bytes: ["", "YQ==", "/w=="],
  time: ["2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"],
  microTime: ["2026-01-01T00:00:00.000000Z"],
  quantity: ["0", "100m", "1Gi", "-1", "1e3", "0.0000001", "9999999999999999999"],
  intOrString: [0, 80, "http", "50%", "101%", -1],
  any: [{}, [], "x", 0, null, { a: { b: [1] } }],
};

/** Strings that fields of a name like to have. */
const NAMED: readonly [RegExp, readonly string[]][] = [
  [/^name$/, ["a", "b", "web", "f0", "f1"]],
  [/image/, ["nginx", "nginx:1.22", "registry/x@sha256:0"]],
  [/IP$|ip$/, ["10.96.0.9", "None", "192.0.2.1", "::1"]],
  [/schedule/, ["*/5 * * * *", "@daily", "61 * * * *"]],
  [/apiVersion/, ["v1", "apps/v1"]],
  [/[kK]ind/, ["Pod", "ReplicationController", "Nope"]],
  [/[pP]ath/, ["/data", "data", "../x", "/a/b"]],
  [/operator/, ["In", "Exists", "Equal", "Gt"]],
];

/** Anything that JSON can hold and no field expects. */
const WRONG: readonly unknown[] = [
  null,
  0,
  -1,
  1e308,
  0.1,
  "",
  "x".repeat(5_000),
  "\u0000",
  "\ud800",
  "__proto__",
  true,
  [],
  {},
  [[]],
  [null],
  { a: null },
  { toString: 1 },
  { length: -1 },
  [{ name: null }],
];

/** Objects of a type, mostly such as a client might send. */
export class Values {
  readonly #choices: Choices;
  constructor(choices: Choices) {
    this.#choices = choices;
  }

  object(schema: MessageSchema, depth = 0): Record<string, unknown> {
    const chance = depth === 0 ? 0.7 : depth > DEEP ? 0 : 0.9 / (depth + 1);
    const object: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(schema.fields)) {
      if (name === "metadata" || name === "kind" || name === "apiVersion" && depth === 0) continue;
      const isIn = this.#choices.chance(field.isRequired ? 0.97 : chance);
      if (isIn && depth <= DEEP + 2) object[name] = this.value(field.schema, name, depth + 1);
    }
    return object;
  }

  value(schema: AnySchema, name: string, depth: number): unknown {
    const choices = this.#choices;
    switch (schema.is) {
      case "message":
        return this.object(schema, depth);
      case "enum":
        return choices.of([...schema.values, ...schema.values, "Other"]);
      case "list":
        return this.#some(() => this.value(schema.item, name, depth));
      case "map":
        return Object.fromEntries(
          this.#some(
            () => [
              choices.of(["app", "cpu", "memory", "a", "x.io/y", "!"]),
              this.value(schema.value, name, depth),
            ],
          ),
        );
      case "either":
        return this.value(choices.chance(0.5) ? schema.message : schema.other, name, depth);
      default:
        return this.#scalar(schema.is, name);
    }
  }

  wrong(): unknown {
    return structuredClone(this.#choices.of(WRONG));
  }

  /** The same JSON with something in it that does not belong there, or without something that does. */
  broken(value: unknown, depth = 0): unknown {
    const choices = this.#choices;
    const isInner = typeof value === "object" && value !== null && Object.keys(value).length > 0;
    if (!isInner || depth > 0 && choices.chance(0.2)) return this.wrong();
    const copy = Array.isArray(value) ? [...value] : { ...value };
    const key = choices.of(Object.keys(copy));
    const inside = copy as Record<string, unknown>;
    if (choices.chance(0.15)) delete inside[key];
    else if (choices.chance(0.1)) {
      inside[choices.of(["__proto__", "constructor", "", "extra"])] = this.wrong();
    } else inside[key] = this.broken(inside[key], depth + 1);
    return copy;
  }

  #some<T>(make: () => T): T[] {
    return Array.from({ length: this.#choices.of([0, 1, 1, 1, 2, 3]) }, make);
  }

  #scalar(is: string, name: string): unknown {
    const choices = this.#choices;
    if (choices.chance(0.01)) return this.wrong();
    const named = is === "string" && NAMED.find(([pattern]) => pattern.test(name));
    if (named && choices.chance(0.8)) return choices.of(named[1]);
    return choices.of(SCALARS[is] ?? SCALARS["any"]!);
  }
}
