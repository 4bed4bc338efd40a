/** A kind with one of each sort of field, and who writes which of them: what the tests of apply begin with. */
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
import { readConfig } from "./config.ts";
import { pathsOf } from "./field_set.ts";
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
export const Thing = message("Thing", {
  ...TYPE_META,
  metadata: required(1, ObjectMeta),
  spec: required(2, Spec),
});

export const HEAD = { apiVersion: "example.io/v1", kind: "Thing" };

export const step = (name: string, rest: JsonObject = {}) => ({ name, ...rest });

export type Verb = "applies" | "forces" | "updates";

/**
 * What is there once somebody has written a spec.
 * @throws {StatusError} Conflict, when an apply without force meets what others hold
 */
export function taken(
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

function withManaged(object: KubeObject, managed: readonly unknown[] | undefined): KubeObject {
  const managedFields = (managed ?? []) as Managed[];
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

export const specOf = (object: KubeObject) => (object as KubeObject & { spec?: unknown }).spec;

/** Paths below `.spec` by manager; one who updates has a star behind its name. */
export function ownersOf({ metadata }: KubeObject): Record<string, string> {
  const entries = metadata.managedFields as Managed[];
  return Object.fromEntries(entries.map(({ manager, operation, fieldsV1 }) => [
    `${manager}${operation === "Update" ? "*" : ""}`,
    [...pathsOf(fieldsV1["f:spec"] ?? {})].map(pathText).join(" "),
  ]));
}
