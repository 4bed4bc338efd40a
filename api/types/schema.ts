/**
 * The schema language: a type is declared once, as a message of numbered fields, and everything else
 * follows from the declaration: the TypeScript type (`Infer`), strict decoding, defaults, patches,
 * OpenAPI, `kubectl explain` and the protobuf codec. Field numbers are Kubernetes's protobuf numbers.
 */
declare const TYPE: unique symbol;

/** A declaration of values of type `T`. `T` exists for the compiler only. */
export interface Schema<T> {
  readonly is: AnySchema["is"];
  readonly [TYPE]?: T;
}

/** The TypeScript type that a declaration stands for. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

/**
 * Scalars as they stand in JSON: `bytes` is base64, `time` RFC 3339 with seconds, `microTime` with
 * microseconds, `quantity` text such as `250m` or `1Gi`, `any` whatever JSON holds.
 */
export type ScalarName =
  | "string"
  | "int32"
  | "int64"
  | "double"
  | "boolean"
  | "bytes"
  | "time"
  | "microTime"
  | "quantity"
  | "intOrString"
  | "any";

export interface ScalarSchema {
  readonly is: ScalarName;
}

export interface EnumSchema {
  readonly is: "enum";
  readonly values: readonly string[];
}

/** How two versions of a list become one. Without keys, and unless `isSet`, the new list replaces the old. */
export interface ListOptions {
  /** Strategic merge: items with the same value of this field are the same item. */
  readonly mergeKey?: string;
  /** Strategic merge of unions such as `volumes`: fields that the patch does not name are dropped. */
  readonly retainKeys?: true;
  /** Server-side apply: the fields that identify an item. */
  readonly mapKeys?: readonly string[];
  /** A list of scalars merged as a set, in strategic merge and in server-side apply. */
  readonly isSet?: true;
  /** A set to both merges that OpenAPI documents give no list type. */
  readonly isMergedScalars?: true;
  /** Server-side apply owns the list as a whole, though strategic merge has a key for its items. */
  readonly isAtomic?: true;
}

export interface ListSchema extends ListOptions {
  readonly is: "list";
  readonly item: AnySchema;
}

export interface MapSchema {
  readonly is: "map";
  readonly value: AnySchema;
  /** Server-side apply owns the map as a whole. */
  readonly isAtomic: boolean;
}

/** JSON has either a message or another value, where protobuf has a message of both. */
export interface EitherSchema {
  readonly is: "either";
  /** Name in OpenAPI documents. */
  readonly name: string;
  readonly message: MessageSchema;
  readonly other: ScalarSchema | ListSchema;
  /** Numbers in protobuf of `message` and of `other`. */
  readonly numbers: readonly [number, number];
}

export interface Field {
  readonly number: number;
  readonly schema: AnySchema;
  readonly isRequired: boolean;
  /** Decoding puts an empty message where the client sends none. */
  readonly isAlways?: true;
  /** Filled in when the field is absent and the message that holds it is present. */
  readonly default?: string | number | boolean;
  readonly description?: string;
  /** Strategic merge of a message in another way than field by field. */
  readonly patchStrategy?: PatchStrategy;
  /** Server-side apply owns the message here by its fields, though its type is atomic elsewhere. */
  readonly isGranular?: true;
  /** Number of the protobuf sub-message that JSON leaves out, when there is one. */
  readonly inlinedIn?: number;
}

/** `retainKeys` drops the fields that a patch does not name, as unions want; `replace` takes the patch whole. */
export type PatchStrategy = "retainKeys" | "replace";

export type Fields = Readonly<Record<string, Field>>;

export interface MessageSchema {
  readonly is: "message";
  /** Name in OpenAPI documents, for example `io.k8s.api.core.v1.Pod`. */
  readonly name: string;
  readonly fields: Fields;
  readonly description?: string;
  /** Server-side apply owns the message as a whole. */
  readonly isAtomic: boolean;
  /** Of objects whose type a client declares: in place of what follows from the fields. */
  readonly structure?: Structure;
}

/** A type that is declared at run time, in JSON schema. `fields` say then who may own what. */
export interface Structure {
  /** Everything but metadata: without the fields that are unknown, and with defaults. Never throws. */
  read(json: Record<string, unknown>): {
    readonly object: Record<string, unknown>;
    /** Full paths. */
    readonly unknown: readonly string[];
    readonly isTooDeep: boolean;
  };
  /** The definition in an OpenAPI document. */
  publish(version: 2 | 3): Record<string, unknown>;
}

export type AnySchema =
  | ScalarSchema
  | EnumSchema
  | ListSchema
  | MapSchema
  | MessageSchema
  | EitherSchema;

const scalar = <T>(is: ScalarName): Schema<T> & ScalarSchema => ({ is });

export const string = scalar<string>("string");
export const int32 = scalar<number>("int32");
export const int64 = scalar<number>("int64");
export const double = scalar<number>("double");
export const boolean = scalar<boolean>("boolean");
export const bytes = scalar<string>("bytes");
export const time = scalar<string>("time");
export const microTime = scalar<string>("microTime");
export const quantity = scalar<string>("quantity");
export const intOrString = scalar<number | string>("intOrString");
// deno-lint-ignore no-explicit-any -- free JSON: whoever reads it narrows it
export const any = scalar<any>("any");

export function oneOf<const V extends string>(...values: V[]): Schema<V> & EnumSchema {
  return { is: "enum", values };
}

export function list<T>(
  item: Schema<T>,
  options: ListOptions = {},
): Schema<T[]> & ListSchema {
  return { is: "list", item: item as AnySchema, ...options };
}

export function map<T>(
  value: Schema<T>,
  options: { isAtomic?: boolean } = {},
): Schema<Record<string, T>> & MapSchema {
  return { is: "map", value: value as AnySchema, isAtomic: options.isAtomic ?? false };
}

interface Typed<T, Required extends boolean> extends Field {
  readonly isRequired: Required;
  readonly [TYPE]?: T;
}

type RequiredNames<F> = { [K in keyof F]: F[K] extends Typed<unknown, true> ? K : never }[keyof F];
type TypeOf<F> = F extends Typed<infer T, boolean> ? T : never;
export type InferFields<F> =
  & { [K in RequiredNames<F>]: TypeOf<F[K]> }
  & { [K in Exclude<keyof F, RequiredNames<F>>]?: TypeOf<F[K]> };

/** A field that valid objects have. Its absence is a validation error, not a decoding error. */
export function required<T>(
  number: number,
  schema: Schema<T>,
  description?: string,
): Typed<T, true> {
  return { ...describe(number, schema, description), isRequired: true };
}

/**
 * A message that every decoded object holds, empty when the client leaves it out. For a scalar: one that
 * every stored object has, and that may be absent in a template.
 */
export function always<T>(number: number, schema: Schema<T>, description?: string): Typed<T, true> {
  return { ...describe(number, schema, description), isRequired: true, isAlways: true };
}

export function optional<T>(
  number: number,
  schema: Schema<T>,
  description?: string,
): Typed<T, false> {
  return { ...describe(number, schema, description), isRequired: false };
}

/** An optional field that is filled in when the message around it is present. */
export function defaulted<T extends string | number | boolean>(
  number: number,
  schema: Schema<T>,
  value: T,
  description?: string,
): Typed<T, false> {
  return { ...describe(number, schema, description), isRequired: false, default: value };
}

export function patchedBy<F extends Field>(patchStrategy: PatchStrategy, field: F): F {
  return { ...field, patchStrategy };
}

/** Fields that JSON shows beside their siblings and protobuf keeps in the sub-message `number`. */
export function inlined<F extends Fields>(number: number, fields: F): F {
  const moved = Object.entries(fields).map(([name, field]) => [name, {
    ...field,
    inlinedIn: number,
  }]);
  return Object.fromEntries(moved) as F;
}

/** @returns a constructor of messages whose names begin with `prefix`, an OpenAPI package name */
export function messagesOf(prefix: string) {
  return function message<F extends Fields>(
    name: string,
    fields: F,
    options: { description?: string; isAtomic?: boolean } = {},
  ): Schema<InferFields<F>> & MessageSchema & { readonly fields: F } {
    return { is: "message", name: `${prefix}.${name}`, fields, isAtomic: false, ...options };
  };
}

/** A message that holds messages of its own type; `fieldsOf` gets the declaration that it is part of. */
export function recursive<T>(
  name: string,
  fieldsOf: (self: Schema<T> & MessageSchema) => Fields,
): Schema<T> & MessageSchema {
  const fields: Record<string, Field> = {};
  const self = { is: "message", name, fields, isAtomic: false } as const;
  Object.assign(fields, fieldsOf(self));
  return self;
}

export function either<M, O>(
  name: string,
  message: Schema<M> & MessageSchema,
  other: Schema<O> & (ScalarSchema | ListSchema),
  numbers: readonly [number, number],
): Schema<M | O> & EitherSchema {
  return { is: "either", name, message, other, numbers };
}

function describe(number: number, schema: unknown, description: string | undefined) {
  const base = { number, schema: schema as AnySchema };
  return description === undefined ? base : { ...base, description };
}
