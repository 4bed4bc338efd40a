import type { AnyKind } from "../../../api/registry/kind.ts";
import { KINDS } from "../../../api/registry/kinds.ts";
import { encodeProtobuf, sealEnvelope } from "../../../api/types/protobuf.ts";
import type { MessageSchema } from "../../../api/types/schema.ts";
import type { Choices } from "../choices.ts";
import { SAMPLES as OWN_SAMPLES } from "../../fixtures/samples.ts";
import type { Json } from "../harness.ts";
import { CUSTOM_KINDS, CUSTOM_SAMPLES, definitionRequest } from "./custom.ts";
import { Values } from "./values.ts";
import {
  ACCEPTS,
  DECLARED,
  EPISODE,
  METHODS,
  NAMES,
  NAMESPACES,
  ON_ITEM,
  PATHS,
  QUERIES,
  SEGMENTS,
  TYPES,
} from "./vocabulary.ts";

const SAMPLES = { ...OWN_SAMPLES, ...CUSTOM_SAMPLES };

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** Requests from a seed: mostly nearly right, since what is plainly wrong is refused at the door. */
export class Requests {
  readonly #choices: Choices;
  readonly #values: Values;
  /** The one that most requests are about for a while, so that they meet. */
  #kind: AnyKind;
  readonly #kinds: readonly AnyKind[];
  readonly #isCustom: boolean;
  /** @param isCustom asks for kinds that it declares, instead of those that every server has */
  constructor(choices: Choices, isCustom = false) {
    this.#choices = choices;
    this.#values = new Values(choices);
    this.#isCustom = isCustom;
    this.#kinds = isCustom ? CUSTOM_KINDS : KINDS;
    this.#kind = choices.of(this.#kinds);
  }

  next(): FuzzRequest {
    const choices = this.#choices;
    if (this.#isCustom && choices.chance(DECLARED)) return definitionRequest(choices, this.#values);
    if (choices.chance(1 / EPISODE)) {
      this.#kind = choices.of(this.#kinds);
      return this.#plain(this.#kind);
    }
    const kind = choices.chance(0.8) ? this.#kind : choices.of(this.#kinds);
    const method = choices.weighted(METHODS);
    const subresource = choices.chance(0.15) ? this.#subresource(kind) : undefined;
    const headers = this.#headers(method);
    const isApply = headers["content-type"]?.includes("apply") ?? false;
    const path = this.#path(kind, method, subresource) + this.#query(isApply);
    if (method === "GET" || method === "HEAD") return { method, path, headers };
    const body = this.#body(kind, method, headers, subresource);
    return { method, path, headers, ...(body !== undefined && { body }) };
  }

  /** Something for the others to meet. */
  #plain({ resource }: AnyKind): FuzzRequest {
    const { apiVersion, kind, isNamespaced } = resource;
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const path = `${root}${isNamespaced ? "/namespaces/default" : ""}/${resource.resource}`;
    const metadata = { name: this.#choices.of(NAMES) };
    const body = JSON.stringify({
      apiVersion,
      kind,
      metadata,
      ...SAMPLES[`${apiVersion}/${kind}`],
    });
    return { method: "POST", path, headers: { "content-type": "application/json" }, body };
  }

  #subresource({ subresources = {} }: AnyKind): string {
    return this.#choices.of([...Object.keys(subresources), "status", "scale", "nope"]);
  }

  #path(
    { resource: { apiVersion, resource, isNamespaced } }: AnyKind,
    method: string,
    subresource?: string,
  ): string {
    const choices = this.#choices;
    if (choices.chance(0.03)) return choices.of(PATHS);
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const watch = choices.chance(0.03) ? "/watch" : "";
    const place = isNamespaced && choices.chance(0.95)
      ? `/namespaces/${choices.of(NAMESPACES)}`
      : "";
    const isWrong = choices.chance(0.05);
    const isItem = (method !== "POST" && (isWrong || choices.chance(ON_ITEM[method] ?? 1))) ||
      subresource !== undefined;
    const item = isItem ? `/${choices.of(NAMES)}` : "";
    const path = `${root}${watch}${place}/${resource}${item}${
      subresource === undefined ? "" : `/${subresource}`
    }`;
    return choices.chance(0.05) ? this.#bent(path) : path;
  }

  #bent(path: string): string {
    const choices = this.#choices;
    const segments = path.split("/");
    const at = 1 + choices.below(segments.length);
    segments.splice(at, choices.below(2), choices.of(SEGMENTS));
    return segments.join("/");
  }

  #query(isApply: boolean): string {
    const choices = this.#choices;
    const query = new URLSearchParams();
    if (isApply && choices.chance(0.9)) {
      query.append("fieldManager", choices.of(["m", "n"]));
      if (choices.chance(0.5)) query.append("force", "true");
    }
    if (choices.chance(0.7)) return query.size === 0 ? "" : `?${query}`;
    for (let i = 0; i < 1 + choices.below(3); i += 1) {
      const name = choices.of(Object.keys(QUERIES));
      query.append(name, choices.of(QUERIES[name]!));
    }
    return `?${query}`;
  }

  #headers(method: string): Record<string, string> {
    const choices = this.#choices;
    const type = choices.weighted(method === "PATCH" ? TYPES.patch : TYPES.json);
    return {
      ...(choices.chance(0.3) && { accept: choices.of(ACCEPTS) }),
      ...(type !== "" && { "content-type": type }),
      ...(choices.chance(0.02) &&
        { authorization: choices.of(["Bearer x", "Basic eDp5", "Bearer", ""]) }),
      ...(choices.chance(0.02) &&
        { "impersonate-user": choices.of(["someone", "system:admin", ""]) }),
      ...(choices.chance(0.02) && { "impersonate-group": "system:masters" }),
      ...(choices.chance(0.05) && { "accept-encoding": "gzip" }),
      ...(choices.chance(0.05) && { "user-agent": "curl/8" }),
    };
  }

  #body(
    kind: AnyKind,
    method: string,
    headers: Readonly<Record<string, string>>,
    subresource?: string,
  ) {
    const choices = this.#choices;
    if (method === "DELETE") return this.#deleteOptions();
    const schema = this.#schemaOf(kind, subresource);
    const object = this.#object(kind, schema, method === "POST" ? undefined : choices.of(NAMES));
    const json = choices.chance(0.25) ? this.#values.broken(object) : object;
    const type = headers["content-type"] ?? "";
    if (method === "PATCH") return this.#patch(type, schema, json);
    if (type.endsWith("protobuf")) return this.#protobuf(kind, schema, json);
    return this.#bentText(JSON.stringify(json) ?? "");
  }

  #schemaOf({ schema, subresources = {} }: AnyKind, subresource?: string): MessageSchema {
    const found = subresource === undefined ? undefined : subresources[subresource];
    return found !== undefined && "schema" in found ? found.schema : schema;
  }

  #object({ resource: { apiVersion, kind } }: AnyKind, schema: MessageSchema, name?: string) {
    const choices = this.#choices;
    const metadata = {
      ...(choices.chance(0.9) ? { name: name ?? choices.of(NAMES) } : { generateName: "g-" }),
      ...(choices.chance(0.4) && { labels: { app: choices.of(["a", "b"]) } }),
      ...(choices.chance(0.1) && { finalizers: choices.of([["x.io/y"], ["orphan"], []]) }),
      ...(choices.chance(0.1) && { annotations: { "x.io/y": "z" } }),
      ...(choices.chance(0.1) && { resourceVersion: choices.of(["1", "x", "99999999"]) }),
      ...(choices.chance(0.1) &&
        { ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "f0", uid: "u" }] }),
      ...(choices.chance(0.05) &&
        { managedFields: choices.of([[], [{}], [{ manager: "m", operation: "Apply" }]]) }),
    };
    const sample = choices.chance(0.7) ? SAMPLES[`${apiVersion}/${kind}`] ?? {} : {};
    const random = choices.chance(0.6) ? this.#values.object(schema) : {};
    return { apiVersion, kind, metadata, ...this.#mixed(sample, random) };
  }

  /** The sample, with some of what is random in it. */
  #mixed(sample: Json, random: Json): Json {
    const mixed: Record<string, unknown> = { ...sample };
    for (const [key, value] of Object.entries(random)) {
      const there = mixed[key];
      if (isObject(there) && isObject(value)) mixed[key] = this.#mixed(there, value);
      else if (there === undefined ? this.#choices.chance(0.3) : this.#choices.chance(0.1)) {
        mixed[key] = value;
      }
    }
    return mixed;
  }

  #patch(type: string, schema: MessageSchema, object: unknown): string {
    const choices = this.#choices;
    if (type !== "application/json-patch+json") {
      const strategic = type.includes("strategic") && choices.chance(0.3);
      return this.#bentText(JSON.stringify(strategic ? this.#directed(object) : object) ?? "");
    }
    const pointers = [
      "/metadata/labels",
      "/metadata/labels/app",
      "/spec",
      "/spec/containers/0",
      "/spec/containers/-",
      "/data/a",
      "",
      "/",
      "/metadata/name",
      "/a~1b",
      "/~2",
      "x",
      "/__proto__/a",
      "/status",
      `/${choices.of(Object.keys(schema.fields))}`,
    ];
    const operations = Array.from({ length: choices.below(4) }, () => ({
      op: choices.of(["add", "remove", "replace", "move", "copy", "test", "nope"]),
      path: choices.of(pointers),
      ...(choices.chance(0.7) && { value: this.#values.wrong() }),
      ...(choices.chance(0.3) && { from: choices.of(pointers) }),
    }));
    return this.#bentText(
      JSON.stringify(choices.chance(0.1) ? this.#values.broken(operations) : operations) ?? "",
    );
  }

  /** Directives of strategic merge, in places where they may or may not be. */
  #directed(object: unknown): unknown {
    const choices = this.#choices;
    const directive = choices.of([
      { $patch: "delete" },
      { $patch: "replace" },
      { $patch: "nope" },
      { "$setElementOrder/containers": [{ name: "a" }, {}] },
      { "$deleteFromPrimitiveList/finalizers": ["orphan", 1] },
      { $retainKeys: ["a"] },
      { "$setElementOrder/": null },
    ]);
    if (typeof object !== "object" || object === null) return directive;
    const inside = object as Record<string, unknown>;
    const keys = Object.keys(inside);
    if (keys.length === 0 || choices.chance(0.4)) return { ...inside, ...directive };
    const key = choices.of(keys);
    const value = inside[key];
    return {
      ...inside,
      [key]: Array.isArray(value) ? [...value, directive] : this.#directed(value),
    };
  }

  #protobuf({ resource: { apiVersion, kind } }: AnyKind, schema: MessageSchema, json: unknown) {
    const choices = this.#choices;
    let raw: Uint8Array;
    try {
      raw = encodeProtobuf(schema, json as object);
    } catch {
      raw = new Uint8Array([8, 1, 18, 200]); // what can't be encoded is only half written
    }
    const bytes = Uint8Array.from(sealEnvelope({ apiVersion, kind, raw }));
    for (let i = choices.of([0, 0, 1, 5]); i > 0; i -= 1) {
      bytes[choices.below(bytes.length)] = choices.below(256);
    }
    return choices.chance(0.1) ? bytes.slice(0, choices.below(bytes.length)) : bytes;
  }

  #deleteOptions(): string | undefined {
    const choices = this.#choices;
    if (choices.chance(0.4)) return undefined;
    const options = {
      ...(choices.chance(0.4) && { propagationPolicy: choices.of(QUERIES["propagationPolicy"]!) }),
      ...(choices.chance(0.2) && { gracePeriodSeconds: choices.of([0, 1, -5, 1e12, "x"]) }),
      ...(choices.chance(0.2) &&
        { preconditions: choices.of([{ uid: "u" }, { resourceVersion: "1" }, {}, null]) }),
      ...(choices.chance(0.1) && { orphanDependents: true }),
      ...(choices.chance(0.3) && { dryRun: ["All"] }),
    };
    return this.#bentText(
      JSON.stringify(choices.chance(0.1) ? this.#values.broken(options) : options) ?? "",
    );
  }

  #bentText(text: string): string {
    const choices = this.#choices;
    if (choices.chance(0.95)) return text;
    const at = choices.below(text.length + 1);
    return choices.of([
      text.slice(0, at),
      text.slice(0, at) + choices.of(["{", "\u0000", "\ufeff", "&a *a", "- ", "}"]) +
      text.slice(at),
      "[".repeat(3_000),
      "null",
      "",
    ]);
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
