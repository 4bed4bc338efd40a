/** From the JSON form of an object to protobuf. Encoders are built once for each schema. */
import { isJsonObject, type JsonObject } from "../json.ts";
import type { AnySchema, EitherSchema, Field, MessageSchema } from "../schema.ts";
import { scalarWriter } from "./scalars.ts";
import { DEPTH_MAX, placed, WireError } from "./wire.ts";
import { WireWriter } from "./writer.ts";

/**
 * Fields that the object has not got are not written: a reader of Kubernetes takes them for zeros.
 * @throws {WireError} on a value of another type than the field's
 */
export function writeMessage(schema: MessageSchema, object: JsonObject): Uint8Array {
  const writer = new WireWriter();
  writeFields(planOf(schema), object, writer, 0);
  return writer.finish();
}

type WriteField = (writer: WireWriter, value: unknown, depth: number) => void;

interface FieldPlan {
  readonly number: number;
  readonly name: string;
  readonly write: WriteField;
  /** In place of `write`: fields of a message that JSON leaves out. */
  readonly inlined?: Plan;
}

/** The last number first, as the writer wants it. */
type Plan = readonly FieldPlan[];

const PLANS = new WeakMap<MessageSchema, Plan>();

function planOf(schema: MessageSchema): Plan {
  const known = PLANS.get(schema);
  if (known !== undefined) return known;
  const fields = Object.entries(schema.fields);
  const inlined = new Set(fields.flatMap(([, field]) => field.inlinedIn ?? []));
  const plan = [
    ...fields.filter(([, { number, inlinedIn }]) => number > 0 && inlinedIn === undefined)
      .map(planOfField),
    ...[...inlined].map((number) => planOfInlined(number, fields)),
  ].sort(byNumberDown);
  PLANS.set(schema, plan);
  return plan;
}

const byNumberDown = (a: FieldPlan, b: FieldPlan) => b.number - a.number;

function planOfField([name, { number, schema }]: [string, Field]): FieldPlan {
  return { number, name, write: writerOf(number, schema) };
}

function planOfInlined(number: number, fields: readonly [string, Field][]): FieldPlan {
  const inlined = fields.filter(([, field]) => field.inlinedIn === number)
    .map(planOfField).sort(byNumberDown);
  return { number, name: "", inlined, write: () => {} };
}

function writeFields(plan: Plan, object: JsonObject, writer: WireWriter, depth: number): void {
  if (depth > DEPTH_MAX) throw new WireError(`nested more than ${DEPTH_MAX} deep`);
  for (let i = 0; i < plan.length; i++) {
    const field = plan[i]!;
    if (field.inlined !== undefined) {
      const before = writer.length;
      writeFields(field.inlined, object, writer, depth + 1);
      if (writer.length > before) writer.message(field.number, before);
      continue;
    }
    const value = object[field.name];
    if (value === undefined || value === null) continue;
    try {
      field.write(writer, value, depth);
    } catch (error) {
      throw placed(error, field.name);
    }
  }
}

function writerOf(number: number, schema: AnySchema): WriteField {
  switch (schema.is) {
    case "message":
      return messageWriter(number, schema);
    case "list":
      return listWriter(number, schema.item);
    case "map":
      return mapWriter(number, schema.value);
    case "either":
      return eitherWriter(number, schema);
    default: {
      const write = scalarWriter(schema);
      return (writer, value) => write(writer, number, value);
    }
  }
}

function messageWriter(number: number, schema: MessageSchema): WriteField {
  let plan: Plan | undefined;
  return (writer, value, depth) => {
    const before = writer.length;
    writeFields(plan ??= planOf(schema), objectIn(value), writer, depth + 1);
    writer.message(number, before);
  };
}

function listWriter(number: number, item: AnySchema): WriteField {
  const write = valueWriter(number, item);
  return (writer, value, depth) => {
    if (!Array.isArray(value)) throw new WireError("a list is wanted");
    for (let i = value.length - 1; i >= 0; i--) {
      try {
        write(writer, value[i], depth);
      } catch (error) {
        if (error instanceof WireError) error.steps.push(i);
        throw error;
      }
    }
  };
}

/** Entries in the order of their keys, as Go writes them: equal objects are equal bytes. */
function mapWriter(number: number, item: AnySchema): WriteField {
  const write = valueWriter(2, item);
  return (writer, value, depth) => {
    const map = objectIn(value);
    const keys = Object.keys(map);
    if (keys.length > 1) keys.sort();
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i]!;
      const before = writer.length;
      try {
        write(writer, map[key], depth + 1);
      } catch (error) {
        throw placed(error, key);
      }
      writer.string(1, key);
      writer.message(number, before);
    }
  };
}

/** A list inside a list or map is a message of its items. Source: k8s.io/api, ExtraValue. */
function valueWriter(number: number, schema: AnySchema): WriteField {
  if (schema.is !== "list" && schema.is !== "map") return writerOf(number, schema);
  const write = writerOf(1, schema);
  return (writer, value, depth) => {
    const before = writer.length;
    write(writer, value, depth + 1);
    writer.message(number, before);
  };
}

function eitherWriter(number: number, { message, other, numbers }: EitherSchema): WriteField {
  const writeMessage = messageWriter(numbers[0], message);
  const writeOther = writerOf(numbers[1], other);
  return (writer, value, depth) => {
    const before = writer.length;
    (isJsonObject(value) ? writeMessage : writeOther)(writer, value, depth + 1);
    writer.message(number, before);
  };
}

function objectIn(value: unknown): JsonObject {
  if (isJsonObject(value)) return value;
  throw new WireError("an object is wanted");
}
