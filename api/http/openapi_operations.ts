/** Which operations the kinds offer, before OpenAPI 2 or 3 gives them a form. */
import type { AnyKind, Subresource } from "../registry/kind.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { GroupVersionKind } from "./openapi_schemas.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** `sends` and `answers` are names of definitions; `PATCH` stands for every patch format. */
export interface Operation {
  readonly path: string;
  readonly method: Method;
  /** `x-kubernetes-action`. */
  readonly action: string;
  readonly id: string;
  readonly tag: string;
  readonly about: GroupVersionKind;
  readonly query: readonly QueryParameter[];
  readonly sends?: string;
  readonly answers?: string;
  readonly codes: readonly number[];
}

export interface QueryParameter {
  readonly name: string;
  readonly type: "string" | "integer" | "boolean";
}

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";
export const PATCH = `${META}.Patch`;
export const STATUS = `${META}.Status`;
export const DELETE_OPTIONS = `${META}.DeleteOptions`;

const text = (name: string): QueryParameter => ({ name, type: "string" });
const integer = (name: string): QueryParameter => ({ name, type: "integer" });
const flag = (name: string): QueryParameter => ({ name, type: "boolean" });

const READ = [text("pretty")];
const WRITE = [text("dryRun"), text("fieldManager"), text("fieldValidation"), text("pretty")];
const DELETE = [
  text("dryRun"),
  integer("gracePeriodSeconds"),
  flag("orphanDependents"),
  text("propagationPolicy"),
  text("pretty"),
];
const LIST = [
  flag("allowWatchBookmarks"),
  text("continue"),
  text("fieldSelector"),
  text("labelSelector"),
  integer("limit"),
  text("pretty"),
  text("resourceVersion"),
  text("resourceVersionMatch"),
  flag("sendInitialEvents"),
  integer("timeoutSeconds"),
  flag("watch"),
];

/** Kubernetes's action, the verb of discovery it needs, and the first word of its operation id. */
const VERBS = {
  list: { method: "get", action: "list", word: "list" },
  create: { method: "post", action: "post", word: "create" },
  deletecollection: { method: "delete", action: "deletecollection", word: "delete" },
  get: { method: "get", action: "get", word: "read" },
  update: { method: "put", action: "put", word: "replace" },
  patch: { method: "patch", action: "patch", word: "patch" },
  delete: { method: "delete", action: "delete", word: "delete" },
  connect: { method: "get", action: "connect", word: "connect" },
} as const;
type Verb = keyof typeof VERBS;

const CODES: Partial<Record<Verb, readonly number[]>> = {
  create: [200, 201, 202],
  update: [200, 201],
  patch: [200, 201],
};

export function operationsOf(kind: AnyKind): Operation[] {
  const { resource, withoutVerbs = [] } = kind;
  const root = `/${openApiPath(resource.apiVersion)}`;
  const scope = resource.isNamespaced ? `${root}/namespaces/{namespace}` : root;
  const collection = `${scope}/${resource.resource}`;
  const has = ({ verb }: { verb: Verb }) => !withoutVerbs.includes(verb);
  const onCollection: Draft[] = [
    { verb: "list", query: LIST, answers: listName(kind) },
    { verb: "create", query: WRITE, sends: kind.schema.name, answers: kind.schema.name },
    {
      verb: "deletecollection",
      query: [...LIST, ...DELETE],
      sends: DELETE_OPTIONS,
      answers: STATUS,
    },
  ];
  const make = (path: string, suffix = "") => (draft: Draft) =>
    operation(resource, path, { ...draft, suffix });
  return [
    ...(resource.isNamespaced && has({ verb: "list" })
      ? [acrossNamespaces(kind, `${root}/${resource.resource}`)]
      : []),
    ...onCollection.filter(has).map(make(collection)),
    ...onObject(kind.schema.name).filter(has).map(make(`${collection}/{name}`)),
    ...subresourcesOf(kind).flatMap(([name, drafts, about]) =>
      drafts.map((draft) =>
        operation(resource, `${collection}/{name}/${name}`, { ...draft, suffix: name, about })
      )
    ),
    ...Object.values(kind.subresources ?? {}).flatMap((subresource) =>
      onCollectionOf(subresource, scope)
    ),
  ];
}

/** `api/v1`, `apis/apps/v1`: the path of a group version, without a leading slash. */
export function openApiPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `apis/${apiVersion}` : `api/${apiVersion}`;
}

export function groupVersionKind({ apiVersion, kind }: Resource<KubeObject>): GroupVersionKind {
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  return { group, kind, version: apiVersion.slice(slash + 1) };
}

export const listName = ({ schema }: AnyKind) => `${schema.name}List`;

interface Draft {
  readonly verb: Verb;
  readonly method?: Method;
  readonly query: readonly QueryParameter[];
  readonly sends?: string;
  readonly answers?: string;
  readonly suffix?: string;
  readonly about?: Resource<KubeObject>;
}

function onObject(name: string): Draft[] {
  return [
    ...onView(name),
    { verb: "delete", query: DELETE, sends: DELETE_OPTIONS, answers: STATUS },
  ];
}

function onView(name: string): Draft[] {
  return [
    { verb: "get", query: READ, answers: name },
    { verb: "update", query: WRITE, sends: name, answers: name },
    { verb: "patch", query: [...WRITE, flag("force")], sends: PATCH, answers: name },
  ];
}

function acrossNamespaces(kind: AnyKind, path: string): Operation {
  const draft: Draft = { verb: "list", query: LIST, answers: listName(kind) };
  const made = operation(kind.resource, path, draft);
  return { ...made, id: `${made.id.replace("Namespaced", "")}ForAllNamespaces` };
}

function subresourcesOf(kind: AnyKind): [string, Draft[], Resource<KubeObject>][] {
  const own = Object.entries(kind.subresources ?? {}).map((
    [name, subresource]: [string, Subresource<KubeObject>],
  ): [string, Draft[], Resource<KubeObject>] => [
    name,
    draftsOf(subresource),
    subresource.resource,
  ]);
  const hasOwnStatus = own.some(([name]) => name === "status");
  if (!kind.hasStatus || hasOwnStatus) return own;
  return [...own, ["status", onView(kind.schema.name), kind.resource]];
}

/** An action that is a collection of the namespace too, such as `bindings`. */
function onCollectionOf(subresource: Subresource<KubeObject>, scope: string): Operation[] {
  if (subresource.does !== "action" || subresource.collection === undefined) return [];
  const path = `${scope}/${subresource.collection}`;
  return draftsOf(subresource).map((draft) => operation(subresource.resource, path, draft));
}

function draftsOf(subresource: Subresource<KubeObject>): Draft[] {
  switch (subresource.does) {
    case "view":
      return onView(subresource.schema.name);
    case "action":
    case "answer": {
      const { name } = subresource.schema;
      return [{ verb: "create", query: WRITE, sends: name, answers: name }];
    }
    case "connect":
      return subresource.verbs.map((verb) => ({
        verb: "connect",
        method: verb === "create" ? "post" : "get",
        query: READ,
      }));
  }
}

function operation(resource: Resource<KubeObject>, path: string, draft: Draft): Operation {
  const { verb, query, sends, answers, suffix = "", about = resource } = draft;
  const { action, word } = VERBS[verb];
  const method = draft.method ?? VERBS[verb].method;
  const group = groupName(resource);
  const many = verb === "deletecollection" ? "Collection" : "";
  const scope = `${many}${resource.isNamespaced ? "Namespaced" : ""}`;
  const verbWord = verb === "connect" ? `${word}${capital(method)}` : word;
  return {
    path,
    method,
    action,
    id: [verbWord, group.camel, scope, resource.kind, capital(suffix)].join(""),
    tag: group.snake,
    about: groupVersionKind(about),
    query,
    ...(sends !== undefined && { sends }),
    ...(answers !== undefined && { answers }),
    codes: CODES[verb] ?? [200],
  };
}

function groupName(resource: Resource<KubeObject>): { camel: string; snake: string } {
  const { group, version } = groupVersionKind(resource);
  const [first = ""] = (group === "" ? "core" : group).split(".");
  return { camel: `${capital(first)}${capital(version)}`, snake: `${first}_${version}` };
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
