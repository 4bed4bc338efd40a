import assert from "node:assert/strict";
import * as core from "./core_v1.ts";
import * as meta from "./meta.ts";
import { decode } from "./decode.ts";
import { decodeProtobuf, encodeProtobuf } from "./protobuf.ts";
import { keepsZero } from "./protobuf/presence.ts";
import type { AnySchema, Field, MessageSchema, Schema } from "./schema.ts";
import { StatusError } from "./status.ts";

const SEED = 20250731;
const ROUNDS = 10;
const NESTED_MAX = 6;

/** Uniform in [0, 1), the same for the same seed. Source: mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Canonical values of each scalar, zeros among them. */
const SCALARS: Readonly<Record<string, readonly unknown[]>> = {
  string: ["", "a", "Grüße", "日本", "x".repeat(300)],
  int32: [0, 1, -1, 127, 128, 2 ** 31 - 1, -(2 ** 31)],
  int64: [0, 1, -1, 2 ** 32, 2 ** 53 - 1, 1 - 2 ** 53],
  double: [0, 0.1, -1e300],
  boolean: [true, false],
  bytes: ["", "AAEC", "/w=="],
  time: ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "0001-01-01T00:00:00Z"],
  microTime: ["1970-01-01T00:00:00.000000Z", "1969-12-31T23:59:59.000001Z"],
  quantity: ["0", "250m", "1Gi", "-5"],
  intOrString: [0, 80, -1, "", "http", "50%"],
  any: [{}, [], { "f:spec": { ".": {} } }, "x", 0, false],
};

class Maker {
  constructor(readonly random: () => number) {}

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.random() * values.length)]!;
  }

  value(schema: AnySchema, depth: number): unknown {
    if (schema.is === "message") return this.object(schema, depth + 1);
    if (schema.is === "enum") return this.pick(schema.values);
    if (schema.is !== "list" && schema.is !== "map") return this.pick(SCALARS[schema.is]!);
    const item = schema.is === "list" ? schema.item : schema.value;
    const items = Array.from({ length: 1 + this.random() * 2 }, () => this.value(item, depth));
    if (schema.is === "list") return items;
    return Object.fromEntries(items.map((value, i) => [this.pick(["k", "ü", ""]) + i, value]));
  }

  object(schema: MessageSchema, depth = 0): Record<string, unknown> {
    const chance = depth > NESTED_MAX ? 0.05 : 0.6;
    const said = Object.entries(schema.fields)
      .filter(([, { number }]) => number > 0 && this.random() < chance)
      .map(([name, field]) => [name, this.value(field.schema, depth), field] as const)
      .filter(([name, value, field]) => isShown(schema, name, value, field));
    return Object.fromEntries(said.map(([name, value]) => [name, value]));
  }
}

/** Zeros that JSON leaves out do not come back. */
function isShown(schema: MessageSchema, name: string, value: unknown, field: Field): boolean {
  return keepsZero(schema, name, field) || (value !== "" && value !== 0 && value !== false) ||
    field.schema.is === "intOrString" || field.schema.is === "any";
}

const SCHEMAS = Object.values({ ...core, ...meta } as unknown as Record<string, MessageSchema>)
  .filter((schema) => schema.is === "message");

Deno.test("protobuf: every object of every type comes back as it went", () => {
  const maker = new Maker(randomFrom(SEED));
  for (const schema of SCHEMAS) {
    for (let round = 0; round < ROUNDS; round++) {
      const object = maker.object(schema);
      const bytes = encodeProtobuf(schema, object);
      const again = decodeProtobuf(schema, bytes);
      assert.deepEqual(again, object, `${schema.name}, round ${round}, seed ${SEED}`);
      assert.deepEqual(encodeProtobuf(schema, again), bytes);
    }
  }
});

Deno.test("protobuf: what is read is well formed JSON of the type", () => {
  const maker = new Maker(randomFrom(SEED));
  for (const schema of SCHEMAS) {
    const json = decodeProtobuf(schema, encodeProtobuf(schema, maker.object(schema)));
    const { errors, unknown } = decode(schema as Schema<unknown> & MessageSchema, json);
    assert.deepEqual([errors, unknown], [[], []], `${schema.name}, seed ${SEED}`);
  }
});

Deno.test("protobuf: broken bytes are refused or read, and nothing else", () => {
  const maker = new Maker(randomFrom(SEED));
  for (let round = 0; round < 1000; round++) {
    const schema = maker.pick([core.Pod, core.Service, core.Node, core.Secret, core.Event]);
    const bytes = broken(encodeProtobuf(schema, maker.object(schema)), maker);
    try {
      decodeProtobuf(schema, bytes);
    } catch (error) {
      const isRefusal = error instanceof StatusError && error.reason === "BadRequest";
      assert.ok(isRefusal, `${schema.name}, round ${round}, seed ${SEED}: ${error}`);
    }
  }
});

function broken(bytes: Uint8Array, { random }: Maker): Uint8Array {
  for (let changes = 1 + random() * 3; changes > 0; changes--) {
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  }
  return random() < 0.2 ? bytes.subarray(0, random() * bytes.length) : bytes;
}
