import { decode } from "../types/decode.ts";
import type { KubeObject } from "../types/meta.ts";
import type { AnySchema, MessageSchema } from "../types/schema.ts";
import { StatusError } from "../types/status.ts";
import { validateSchema } from "../types/validate_schema.ts";
import { KINDS } from "./kinds.ts";
import type { AnyKind } from "./kind.ts";
import { MOMENT, NOW, rowOf } from "./kinds_fixture.ts";
import { prepareCreate } from "./plan_create.ts";
import { planUpdate } from "./plan_update.ts";

/** Objects tried of each kind. */
const OBJECTS = 150;
const SEED = 11;

/** Numbers in [0, 1), the same for the same seed. Source: mulberry32. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const TEXTS = ["", "web", "Web_1", "10%", "*", "a/b", "0", "system-x", "é", "@daily", "10.0.0.0/8"];

/** Something of the right type, with fields left out at random: the deeper, the fewer. */
function sample(schema: AnySchema, random: () => number, depth = 0): unknown {
  const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)]!;
  switch (schema.is) {
    case "message":
      return sampleMessage(schema, random, depth);
    case "list":
      return Array.from(
        { length: Math.floor(random() * 3) },
        () => sample(schema.item, random, depth + 1),
      );
    case "map":
      return Object.fromEntries(
        Array.from({ length: Math.floor(random() * 3) }, () => [
          pick(TEXTS),
          sample(schema.value, random, depth + 1),
        ]),
      );
    case "enum":
      return pick([...schema.values, "other"]);
    case "int32":
    case "int64":
    case "double":
      return pick([-1, 0, 1, 7, 70000]);
    case "boolean":
      return random() < 0.5;
    case "quantity":
      return pick(["0", "-1", "1500m", "1Gi"]);
    case "intOrString":
      return pick<number | string>([0, 3, -1, "25%", "http", ""]);
    case "time":
      return NOW;
    case "microTime":
      return "2026-01-01T12:00:00.000000Z";
    case "bytes":
      return "aGk=";
    case "any":
      return pick<unknown>([{}, [], "x", 1, { a: [null] }]);
    case "either":
      return sample(random() < 0.5 ? schema.message : schema.other, random, depth + 1);
    default:
      return pick(TEXTS);
  }
}

function sampleMessage({ fields }: MessageSchema, random: () => number, depth: number): unknown {
  const share = depth < 4 ? 0.7 : 0.25;
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, { number }]) => number !== 0 && random() < share && depth < 9)
      .map(([name, { schema }]) => [name, sample(schema, random, depth + 1)]),
  );
}

/** Refusals are fine, crashes are not. */
function tried<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

function tryOne(kind: AnyKind, random: () => number): void {
  const { resource, schema } = kind;
  const of = { apiVersion: resource.apiVersion, kind: resource.kind };
  const make = () => {
    return decode<KubeObject>(schema, { ...sample(schema, random) as object, ...of }).object;
  };
  const namespace = resource.isNamespaced ? "default" : "";
  const accepted = tried(() => prepareCreate(kind, make(), namespace, MOMENT));
  if (accepted === undefined) return;
  const { status } = make() as { status?: unknown };
  for (const object of [accepted, { ...accepted, status } as KubeObject]) {
    if (validateSchema(schema, object).length > 0) continue;
    rowOf(kind, object);
    for (const read of Object.values(kind.selectableFields ?? {})) read(object);
  }
  tried(() => planUpdate(kind, make(), accepted, NOTHING, MOMENT));
}

const NOTHING = { revision: 0, get: () => undefined, list: () => [] };

for (const kind of KINDS.filter(({ isReview }) => !isReview)) {
  const { apiVersion, resource } = kind.resource;
  Deno.test(`kinds: whatever comes, ${apiVersion} ${resource} refuses or takes it`, () => {
    const random = numbers(SEED);
    for (let i = 0; i < OBJECTS; i++) tryOne(kind, random);
  });
}
