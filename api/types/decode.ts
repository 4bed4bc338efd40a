/**
 * Strict decoding: JSON from outside becomes an object of a declared type, or the list of what is wrong with
 * it. Decoders are built once for each schema; a path becomes text only when there is a mistake to name.
 */
import { FieldPath } from "./field_path.ts";
import { isJsonObject, JSON_DEPTH_MAX, type JsonObject, jsonTypeOf, setOwn } from "./json.ts";
import { decodeScalar, goScalarName, Wrong, zeroOf } from "./decode_scalar.ts";
import type { AnySchema, EitherSchema, Field, MessageSchema, Schema, Structure } from "./schema.ts";
import { StatusError } from "./status.ts";

export interface Decoded<T> {
  /** What could be read: unknown and wrong fields are left out, so trust it only without `errors`. */
  readonly object: T;
  /** Wrong types, each with the full path of the field and the type that would be right. */
  readonly errors: readonly string[];
  /** `unknown field "spec.foo"`, in the order of the input. */
  readonly unknown: readonly string[];
}

/** Mistakes named of each sort: enough to see a pattern, and bounded against hostile input. */
export const MISTAKES_MAX = 100;

/**
 * Never throws, and shares nothing with `json` but what `any` fields hold. Nulls are absent; a null in a
 * list or map is the zero value; quantities become canonical text.
 */
export function decode<T>(schema: Schema<T> & MessageSchema, json: unknown): Decoded<T> {
  const walk: Walk = { path: new FieldPath(), owner: "", errors: [], unknown: [] };
  const object = decoderOf(schema)(json, walk) ?? decoderOf(schema)({}, walk);
  return { object: object as T, errors: walk.errors, unknown: walk.unknown };
}

/**
 * Refuses what could not be decoded, as Kubernetes does. Unknown fields count when `isStrict`, which is
 * `fieldValidation=Strict`.
 * @throws {StatusError} BadRequest that names every mistake
 */
export function rejectUndecoded(
  target: { readonly apiVersion: string; readonly kind: string },
  { errors, unknown }: Pick<Decoded<unknown>, "errors" | "unknown">,
  isStrict: boolean,
): void {
  const strict = isStrict && unknown.length > 0;
  if (errors.length === 0 && !strict) return;
  const { apiVersion, kind } = target;
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  const what = errors.length > 0
    ? errors.join(", ")
    : `strict decoding error: ${unknown.join(", ")}`;
  const subject = `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}`;
  throw new StatusError("BadRequest", `${subject}: ${what}`);
}

/** Types that hold themselves have no other end. */
const TOO_DEEP = `nested more than ${JSON_DEPTH_MAX} deep`;

/** Where decoding stands. `owner` is the message that holds the field. */
interface Walk {
  readonly path: FieldPath;
  owner: string;
  readonly errors: string[];
  readonly unknown: string[];
}

/** @returns undefined when the value is wrong, which the walk then knows */
type Decoder = (value: unknown, walk: Walk) => unknown;

const DECODERS = new WeakMap<AnySchema, Decoder>();

function decoderOf(schema: AnySchema): Decoder {
  const known = DECODERS.get(schema);
  if (known !== undefined) return known;
  const built = build(schema);
  DECODERS.set(schema, built);
  return built;
}

function build(schema: AnySchema): Decoder {
  if (schema.is === "message") {
    const { structure } = schema;
    return structure === undefined ? messageDecoder(schema) : structureDecoder(schema, structure);
  }
  if (schema.is === "list") return listDecoder(schema.item, goTypeOf(schema));
  if (schema.is === "map") return mapDecoder(schema.value, goTypeOf(schema));
  if (schema.is === "either") return eitherDecoder(schema);
  const is = schema.is === "enum" ? "string" : schema.is;
  return (value, walk) => {
    const decoded = decodeScalar(is, value);
    if (!(decoded instanceof Wrong)) return decoded;
    refuse(walk, value, goScalarName(is), decoded.why);
    return undefined;
  };
}

function messageDecoder({ name, fields }: MessageSchema): Decoder {
  const short = name.slice(name.lastIndexOf(".") + 1);
  const goType = goMessageName(name);
  let plan: Plan | undefined;
  return (value, walk) => {
    if (!isJsonObject(value)) return refuse(walk, value, goType);
    if (walk.path.depth > JSON_DEPTH_MAX) return refuse(walk, value, goType, TOO_DEEP);
    plan ??= planOf(fields);
    const outer = walk.owner;
    walk.owner = short;
    const object = decodeFields(plan, value, walk);
    walk.owner = outer;
    return object;
  };
}

/** Metadata is the same in all objects; of the rest the structure knows more. */
function structureDecoder({ name, fields }: MessageSchema, structure: Structure): Decoder {
  const metadata = decoderOf(fields["metadata"]!.schema);
  const short = name.slice(name.lastIndexOf(".") + 1);
  return (value, walk) => {
    if (!isJsonObject(value)) return refuse(walk, value, goMessageName(name));
    const { object, unknown, isTooDeep } = structure.read(value);
    if (isTooDeep) walk.errors.push(TOO_DEEP);
    for (const path of unknown) walk.unknown.push(`unknown field ${JSON.stringify(path)}`);
    walk.owner = short;
    walk.path.enter("metadata");
    const meta = metadata(value["metadata"] ?? {}, walk) ?? metadata({}, walk);
    walk.path.leave();
    return { ...object, metadata: meta };
  };
}

interface FieldPlan {
  readonly decode: Decoder;
  /** Text needs no decoder: the hot path keeps it at once. */
  readonly isText: boolean;
}

interface Plan {
  readonly fields: ReadonlyMap<string, FieldPlan>;
  /** Messages that every object has, empty where the client sends none. */
  readonly always: readonly (readonly [string, Decoder])[];
}

function planOf(fields: Readonly<Record<string, Field>>): Plan {
  const entries = Object.entries(fields);
  return {
    fields: new Map(entries.map(([name, { schema }]) => {
      const isText = schema.is === "string" || schema.is === "enum";
      return [name, { decode: decoderOf(schema), isText }];
    })),
    always: entries
      .filter(([, field]) => field.isAlways === true && field.schema.is === "message")
      .map(([name, { schema }]) => [name, decoderOf(schema)] as const),
  };
}

function decodeFields({ fields, always }: Plan, json: JsonObject, walk: Walk): JsonObject {
  const object: JsonObject = {};
  for (const name in json) {
    const value = json[name];
    if (value === null || value === undefined) continue;
    const field = fields.get(name);
    if (field === undefined) nameUnknown(walk, name);
    else if (field.isText && typeof value === "string") object[name] = value;
    else {
      walk.path.enter(name);
      const decoded = field.decode(value, walk);
      if (decoded !== undefined) object[name] = decoded;
      walk.path.leave();
    }
  }
  for (let i = 0; i < always.length; i++) {
    const [name, decode] = always[i]!;
    if (object[name] === undefined) object[name] = decode({}, walk);
  }
  return object;
}

/** Lists stay in the store: mapped ones take the room that they need, where one that was pushed to has 16 to spare. */
function listDecoder(item: AnySchema, goType: string): Decoder {
  const zero = zeroOf(item);
  return (value, walk) => {
    if (!Array.isArray(value)) return refuse(walk, value, goType);
    const decoder = decoderOf(item);
    const list = (value as unknown[]).map((one, i) => {
      walk.path.enter(i);
      const decoded = decoder(one ?? zero, walk);
      walk.path.leave();
      return decoded;
    });
    return list.includes(undefined) ? list.filter((one) => one !== undefined) : list;
  };
}

function mapDecoder(item: AnySchema, goType: string): Decoder {
  const zero = zeroOf(item);
  const isText = item.is === "string" || item.is === "enum";
  return (value, walk) => {
    if (!isJsonObject(value)) return refuse(walk, value, goType);
    const decoder = decoderOf(item);
    const map: JsonObject = { ...value };
    for (const name in value) {
      const found = value[name];
      if (isText && typeof found === "string") continue;
      walk.path.enter(name);
      const decoded = decoder(found ?? zero, walk);
      if (decoded === undefined) delete map[name];
      else if (decoded !== found) setOwn(map, name, decoded);
      walk.path.leave();
    }
    return map;
  };
}

function eitherDecoder({ message, other }: EitherSchema): Decoder {
  const [decodeMessage, decodeOther] = [decoderOf(message), decoderOf(other)];
  return (value, walk) => (isJsonObject(value) ? decodeMessage : decodeOther)(value, walk);
}

function nameUnknown({ path, unknown }: Walk, name: string): void {
  if (unknown.length >= MISTAKES_MAX) return;
  unknown.push(`unknown field ${JSON.stringify(path.toString(name))}`);
}

/** `why` replaces the general words where a value of the right type is wrong in itself. */
function refuse(walk: Walk, value: unknown, goType: string, why?: string): undefined {
  if (walk.errors.length >= MISTAKES_MAX) return undefined;
  const path = walk.path.toString();
  const into = path === "" ? "Go value" : `Go struct field ${walk.owner}.${path}`;
  walk.errors.push(
    why === undefined
      ? `json: cannot unmarshal ${jsonTypeOf(value)} into ${into} of type ${goType}`
      : `${path}: ${why}`,
  );
  return undefined;
}

/** The Go name that kubectl's users know a type by: `[]v1.Container`, `map[string]string`. */
function goTypeOf(schema: AnySchema): string {
  switch (schema.is) {
    case "message":
      return goMessageName(schema.name);
    case "list":
      return `[]${goTypeOf(schema.item)}`;
    case "map":
      return `map[string]${goTypeOf(schema.value)}`;
    case "either":
      return goMessageName(schema.name);
    case "enum":
      return "string";
    default:
      return goScalarName(schema.is);
  }
}

const goMessageName = (name: string) => name.split(".").slice(-2).join(".");
