/** From protobuf to the JSON form of an object. Decoders are built once for each schema. */
import { type JsonObject, setOwn } from "../json.ts";
import { zeroOf } from "../decode_scalar.ts";
import type { AnySchema, EitherSchema, Field, MessageSchema } from "../schema.ts";
import { keepsZero } from "./presence.ts";
import type { WireReader } from "./reader.ts";
import { type ReadScalar, scalarReader } from "./scalars.ts";
import { DEPTH_MAX, LENGTH, placed, WireError } from "./wire.ts";

/**
 * Reads all that is left. What JSON would leave out is left out; unknown fields are passed over.
 * @throws {WireError}
 */
export function readMessage(schema: MessageSchema, reader: WireReader): JsonObject {
  const object: JsonObject = {};
  readFields(planOf(schema), reader, object, 0);
  return object;
}

/** Reads a field of `wireType` into the object around it. */
type ReadField = (
  reader: WireReader,
  object: JsonObject,
  wireType: number,
  depth: number,
) => void;

interface FieldPlan {
  readonly name: string;
  readonly isList: boolean;
  readonly read: ReadField;
}

/** By field number. */
type Plan = readonly (FieldPlan | undefined)[];

const PLANS = new WeakMap<MessageSchema, Plan>();

function planOf(schema: MessageSchema): Plan {
  const known = PLANS.get(schema);
  if (known !== undefined) return known;
  const plan: (FieldPlan | undefined)[] = [];
  PLANS.set(schema, plan);
  fillPlan(plan, schema, Object.entries(schema.fields));
  return plan;
}

/** Fields of number 0 stand in the envelope; those of a message that JSON leaves out get a plan of their own. */
function fillPlan(
  plan: (FieldPlan | undefined)[],
  schema: MessageSchema,
  fields: readonly (readonly [string, Field])[],
): void {
  for (const [name, field] of fields) {
    const { number, inlinedIn } = field;
    if (inlinedIn !== undefined) plan[inlinedIn] ??= inlinedPlan(schema, inlinedIn);
    else if (number > 0) {
      const isList = field.schema.is === "list";
      plan[number] = { name, isList, read: fieldReader(schema, name, field) };
    }
  }
}

function inlinedPlan(schema: MessageSchema, number: number): FieldPlan {
  const inner: (FieldPlan | undefined)[] = [];
  const fields = Object.entries(schema.fields)
    .filter(([, field]) => field.inlinedIn === number)
    .map(([name, { inlinedIn: _, ...field }]) => [name, field] as const);
  fillPlan(inner, schema, fields);
  return {
    name: "",
    isList: false,
    read(reader, object, wireType, depth) {
      rejectNoMessage(wireType);
      const outer = reader.enter();
      readFields(inner, reader, object, depth + 1);
      reader.leave(outer);
    },
  };
}

function readFields(plan: Plan, reader: WireReader, object: JsonObject, depth: number): void {
  if (depth > DEPTH_MAX) throw new WireError(`nested more than ${DEPTH_MAX} deep`);
  let field: FieldPlan | undefined;
  try {
    while (!reader.isAtEnd) {
      field = undefined;
      const tag = reader.tag();
      field = plan[tag >>> 3];
      if (field === undefined) reader.skip(tag & 7);
      else field.read(reader, object, tag & 7, depth);
    }
  } catch (error) {
    if (field === undefined || field.name === "") throw error;
    throw placed(error, field.name, field.isList ? lengthOf(object[field.name]) : undefined);
  }
}

function fieldReader(owner: MessageSchema, name: string, field: Field): ReadField {
  const { schema } = field;
  if (schema.is === "list") return listReader(name, schema.item);
  if (schema.is === "map") return mapReader(name, schema.value);
  if (schema.is === "message") return messageReader(name, schema);
  if (schema.is === "either") {
    const read = eitherReader(schema);
    return (reader, object, wireType, depth) => object[name] = read(reader, wireType, depth);
  }
  return scalarFieldReader(name, scalarReader(schema), keepsZero(owner, name, field));
}

function scalarFieldReader(name: string, scalar: ReadScalar, isZeroKept: boolean): ReadField {
  const { wireType: wanted, read } = scalar;
  return (reader, object, wireType) => {
    if (wireType !== wanted) throw wrongType(wireType, wanted);
    const value = read(reader);
    if (value === undefined) return;
    if (isZeroKept || (value !== "" && value !== 0 && value !== false)) object[name] = value;
    else delete object[name];
  };
}

/** A message that comes in two parts is one. */
function messageReader(name: string, schema: MessageSchema): ReadField {
  let plan: Plan | undefined;
  return (reader, object, wireType, depth) => {
    rejectNoMessage(wireType);
    const message = (object[name] ??= {}) as JsonObject;
    const outer = reader.enter();
    readFields(plan ??= planOf(schema), reader, message, depth + 1);
    reader.leave(outer);
  };
}

function listReader(name: string, item: AnySchema): ReadField {
  const read = itemReader(item);
  return (reader, object, wireType, depth) => {
    const list = (object[name] ??= []) as unknown[];
    read(reader, list, wireType, depth);
  };
}

type ReadItems = (
  reader: WireReader,
  list: unknown[],
  wireType: number,
  depth: number,
) => void;

function itemReader(item: AnySchema): ReadItems {
  if (item.is === "message" || item.is === "map" || item.is === "list" || item.is === "either") {
    const read = valueReader(item);
    return (reader, list, wireType, depth) => list.push(read(reader, wireType, depth));
  }
  const { wireType: wanted, read } = scalarReader(item);
  const zero = zeroOf(item);
  return (reader, list, wireType) => {
    if (wireType === wanted) list.push(read(reader) ?? zero);
    else if (wireType === LENGTH) readPacked(reader, list, read);
    else throw wrongType(wireType, wanted);
  };
}

/** Numbers side by side in one field: Kubernetes does not write them so, and readers must take them. */
function readPacked(reader: WireReader, list: unknown[], read: ReadScalar["read"]): void {
  const outer = reader.enter();
  while (!reader.isAtEnd) list.push(read(reader));
  reader.leave(outer);
}

/** Reads a value that stands in a list or a map. */
type ReadValue = (reader: WireReader, wireType: number, depth: number) => unknown;

/** A list inside a list or map is a message of its items. Source: k8s.io/api, ExtraValue. */
function valueReader(schema: AnySchema): ReadValue {
  if (schema.is === "message") {
    let plan: Plan | undefined;
    return (reader, wireType, depth) => {
      rejectNoMessage(wireType);
      const message: JsonObject = {};
      const outer = reader.enter();
      readFields(plan ??= planOf(schema), reader, message, depth + 1);
      reader.leave(outer);
      return message;
    };
  }
  if (schema.is === "list" || schema.is === "map") return wrappedReader(schema);
  if (schema.is === "either") return eitherReader(schema);
  const { wireType: wanted, read } = scalarReader(schema);
  const zero = zeroOf(schema);
  return (reader, wireType) => {
    if (wireType !== wanted) throw wrongType(wireType, wanted);
    return read(reader) ?? zero;
  };
}

function eitherReader({ message, other, numbers }: EitherSchema): ReadValue {
  const plan: (FieldPlan | undefined)[] = [];
  const isList = other.is === "list";
  const readOther = isList
    ? listReader("other", other.item)
    : scalarFieldReader("other", scalarReader(other), true);
  plan[numbers[0]] = { name: "message", isList: false, read: messageReader("message", message) };
  plan[numbers[1]] = { name: "other", isList, read: readOther };
  return (reader, wireType, depth) => {
    rejectNoMessage(wireType);
    const object: JsonObject = {};
    const outer = reader.enter();
    readFields(plan, reader, object, depth + 1);
    reader.leave(outer);
    return object.message ?? object.other ?? zeroOf(other);
  };
}

const WRAPPED = "items";

function wrappedReader(schema: AnySchema): ReadValue {
  const isList = schema.is === "list";
  const read = isList ? listReader(WRAPPED, schema.item) : mapReader(WRAPPED, schema);
  const plan = [undefined, { name: WRAPPED, isList, read }];
  return (reader, wireType, depth) => {
    rejectNoMessage(wireType);
    const object: JsonObject = {};
    const outer = reader.enter();
    readFields(plan, reader, object, depth + 1);
    reader.leave(outer);
    return object[WRAPPED] ?? (isList ? [] : {});
  };
}

/** Each entry is a message of key (1) and value (2). */
function mapReader(name: string, value: AnySchema): ReadField {
  const read = valueReader(value);
  return (reader, object, wireType, depth) => {
    rejectNoMessage(wireType);
    const map = (object[name] ??= {}) as JsonObject;
    const outer = reader.enter();
    let key = "";
    let found: unknown;
    try {
      while (!reader.isAtEnd) {
        const tag = reader.tag();
        if (tag === KEY_TAG) key = reader.string();
        else if (tag >>> 3 === 2) found = read(reader, tag & 7, depth + 1);
        else reader.skip(tag & 7);
      }
    } catch (error) {
      throw placed(error, key);
    }
    reader.leave(outer);
    setOwn(map, key, found ?? zeroOf(value));
  };
}

const KEY_TAG = 8 + LENGTH;

function rejectNoMessage(wireType: number): void {
  if (wireType !== LENGTH) throw wrongType(wireType, LENGTH);
}

function wrongType(wireType: number, wanted: number): WireError {
  return new WireError(`wrong wire type ${wireType}, ${wanted} is wanted`);
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}
