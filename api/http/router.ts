import { isWatch, type Resources, type Target } from "./resources.ts";
import type { KubeObject } from "../types/meta.ts";
import { keyOf } from "../registry/keys.ts";
import type { AnswerSubresource, Subresource } from "../registry/kind.ts";
import { StatusError } from "../types/status.ts";
import type { Attributes } from "../authorization/attributes.ts";
import { requiredValue } from "../authorization/node.ts";
import type { Catalog, Served, ServedAction } from "./catalog.ts";
import { verbsOf } from "./discovery_resources.ts";
import { noSuchPath } from "./documents.ts";
import type { Call, Reply } from "./exchange.ts";
import type { Measured } from "./measured.ts";
import { whenFresh } from "./fresh_reads.ts";
import type { ResourcePath } from "./path.ts";
import { withWarnings } from "./replies.ts";
import type { Reviews } from "./reviews.ts";
import type { Subresources } from "./subresources.ts";

/** A call that found its way: what it wants, for the authorizer, and how to answer it. */
export interface Route {
  readonly attributes: Attributes;
  /** What the caller must be allowed besides: who updates or applies what is not there creates it. */
  readonly alsoNeeds?: Attributes;
  /** Its body goes on as long as the client likes: it does not count as a request in flight. */
  readonly isLongRunning: boolean;
  /** A stream of this object, where the path is one. */
  readonly stream?: Stream;
  answer(): Reply | Promise<Reply>;
}

export interface Stream {
  readonly subresource: string;
  readonly target: Target;
}

/** Serves the paths that belong to a pod's agent: logs, and the streams that only an upgrade can carry. */
export type Connect = (call: Call, subresource: string, target: Target) => Reply | Promise<Reply>;

/** Answers a subresource that takes a POST of its own kind. */
export type Ask = (
  call: Call,
  subresource: AnswerSubresource,
  target: Target,
) => Reply | Promise<Reply>;

export interface Handlers {
  readonly resources: Resources;
  readonly subresources: Subresources;
  readonly reviews: Reviews;
  readonly measured: Measured;
  /** Serves subresources that are questions, such as `token`. */
  readonly ask: Ask;
  readonly connect: Connect;
}

const APPLY_TYPE = "application/apply-patch";

const COLLECTION_VERBS: Readonly<Record<string, string>> = {
  GET: "list",
  HEAD: "list",
  POST: "create",
  DELETE: "deletecollection",
};
const ITEM_VERBS: Readonly<Record<string, string>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** From a path to a kind and a verb; one look-up, and no table of routes. */
export class Router {
  readonly #catalog: Catalog;
  readonly #handlers: Handlers;
  constructor(catalog: Catalog, handlers: Handlers) {
    this.#catalog = catalog;
    this.#handlers = handlers;
  }

  /** @throws {StatusError} NotFound, MethodNotAllowed */
  route(call: Call, path: ResourcePath): Route {
    const apiVersion = path.group === "" ? path.version : `${path.group}/${path.version}`;
    const served = this.#catalog.find(apiVersion, path.resource);
    if (served === undefined) return this.#actionRoute(call, path, apiVersion);
    const { isNamespaced } = served.kind.resource;
    const isMisplaced = isNamespaced
      ? path.namespace === undefined && path.name !== "" && !path.isWatch
      : path.namespace !== undefined;
    if (isMisplaced) throw noSuchPath();
    const target = { served, namespace: path.namespace, name: path.name };
    if (path.subresource !== "") return this.#subresourceRoute(call, path, target);
    return this.#mainRoute(call, path, target);
  }

  #mainRoute(call: Call, path: ResourcePath, target: Target): Route {
    const { served, name } = target;
    const verb = verbOf(call, path);
    if (verb === "create" && served.kind.isEnding) throw ending();
    const isAllowed = verbsOf(served.kind).includes(verb) && isMeant(verb, target, path);
    if (!isAllowed) throw notAllowed();
    const { resources, reviews, measured } = this.#handlers;
    const { isMeasured } = served.kind;
    const fresh = (answer: Route["answer"]) => whenFresh(call, served.registry.store, answer);
    const answers: Readonly<Record<string, Route["answer"]>> = {
      get: isMeasured ? () => measured.get(call, target) : fresh(() => resources.get(call, target)),
      list: isMeasured
        ? () => measured.list(call, target)
        : fresh(() => resources.list(call, target)),
      watch: fresh(() => resources.watch(call, target)),
      create: () =>
        served.kind.isReview
          ? reviews.answer(call, target)
          : whenReady(served, () => resources.create(call, target)),
      update: () => whenReady(served, () => resources.update(call, target)),
      patch: () => whenReady(served, () => resources.patch(call, target)),
      delete: () => resources.delete(call, target),
      deletecollection: fresh(() => resources.deleteCollection(call, target)),
    };
    const attributes = attributesOf(call, path, served, verb, name);
    const answer = warned(served, answers[verb] ?? fail);
    const route = { attributes, isLongRunning: verb === "watch", answer };
    if (!wouldCreate(call, verb, target)) return route;
    return { ...route, alsoNeeds: attributesOf(call, path, served, "create", name) };
  }

  #subresourceRoute(call: Call, path: ResourcePath, target: Target): Route {
    const { served, name } = target;
    const subresource = subresourceOf(served, path.subresource);
    if (subresource === undefined || path.isWatch) throw noSuchPath();
    const verb = ITEM_VERBS[call.method] ?? "";
    const attributes = attributesOf(call, path, served, verb, name);
    const { subresources, connect, ask } = this.#handlers;
    const { does } = subresource;
    const route = (answer: Route["answer"]): Route => ({
      attributes,
      isLongRunning: false,
      answer,
    });
    if (does === "action") {
      if (verb === "create") return route(() => subresources.act(call, subresource, target));
    } else if (does === "answer") {
      if (verb === "create") return route(() => ask(call, subresource, target));
    } else if (does === "connect") {
      const stream = { subresource: path.subresource, target };
      const answer = () => connect(call, path.subresource, target);
      // an OPTIONS has no verb, and is for whom it is passed on to
      const isOptions = path.subresource === "proxy" && call.method === "OPTIONS";
      if (subresource.verbs.includes(verb) || isOptions) {
        return { attributes, isLongRunning: true, stream, answer };
      }
    } else {
      const get = () => subresources.get(call, subresource, target);
      if (verb === "get") return route(whenFresh(call, served.registry.store, get));
      const update = () => subresources.update(call, subresource, target);
      const patch = () => subresources.patch(call, subresource, target);
      if (verb === "update") return route(() => whenReady(served, update));
      if (verb === "patch") return route(() => whenReady(served, patch));
    }
    throw notAllowed();
  }

  #actionRoute(call: Call, path: ResourcePath, apiVersion: string): Route {
    const found = this.#catalog.action(apiVersion, path.resource);
    if (found === undefined || path.name !== "" || path.namespace === undefined) throw noSuchPath();
    if (call.method !== "POST") throw notAllowed();
    const { served, action }: ServedAction = found;
    const target = { served, namespace: path.namespace, name: "" };
    return {
      attributes: attributesOf(call, path, served, "create", ""),
      isLongRunning: false,
      answer: () => this.#handlers.subresources.act(call, action, target),
    };
  }
}

function wouldCreate(call: Call, verb: string, { served, namespace = "", name }: Target): boolean {
  const { kind, registry } = served;
  const isUpsert = verb === "update"
    ? kind.createsOnUpdate === true
    : verb === "patch" && call.header("content-type")?.startsWith(APPLY_TYPE) === true;
  return isUpsert && registry.store.get(keyOf(kind.resource, namespace, name)) === undefined;
}

function verbOf(call: Call, path: ResourcePath): string {
  const isRead = call.method === "GET" || call.method === "HEAD";
  if (isRead && (path.isWatch || path.name === "" && isWatch(call))) return "watch";
  return (path.name === "" ? COLLECTION_VERBS : ITEM_VERBS)[call.method] ?? "";
}

/** A new object needs a namespace and no name; a whole cluster is not deleted at once. */
function isMeant(verb: string, { served, namespace, name }: Target, path: ResourcePath): boolean {
  const isEverywhere = served.kind.resource.isNamespaced && namespace === undefined;
  if (verb === "create") return name === "" && !isEverywhere;
  if (verb === "deletecollection") return !isEverywhere;
  return !path.isWatch || verb === "watch";
}

function subresourceOf({ kind }: Served, name: string): Subresource<KubeObject> | undefined {
  const { subresources = {} } = kind;
  return Object.hasOwn(subresources, name) ? subresources[name] : undefined;
}

/** Verbs on what a selector selects: one that selects a single name is about that name. */
const MANY: ReadonlySet<string> = new Set(["list", "watch", "deletecollection"]);

function attributesOf(
  call: Call,
  { group, version, namespace = "", subresource }: ResourcePath,
  { kind }: Served,
  verb: string,
  name: string,
): Attributes {
  const { resource } = kind.resource;
  const wanted = { group, version, resource, subresource, namespace, name };
  const { path } = call;
  if (!MANY.has(verb)) return { verb, path, resource: wanted };
  const fieldSelector = call.query.get("fieldSelector") ?? "";
  if (fieldSelector === "") return { verb, path, resource: wanted };
  const named = name || (requiredValue(fieldSelector, "metadata.name") ?? "");
  return { verb, path, resource: { ...wanted, name: named, fieldSelector } };
}

function whenReady({ kind }: Served, answer: Route["answer"]): Reply | Promise<Reply> {
  return kind.ready === undefined ? answer() : kind.ready().then(answer);
}

/** Versions that will go say so with every answer. */
function warned({ kind }: Served, answer: Route["answer"]): Route["answer"] {
  const { deprecation } = kind;
  if (deprecation === undefined) return answer;
  return () => {
    const reply = answer();
    const tell = (one: Reply) => withWarnings(one, [deprecation]);
    return reply instanceof Promise ? reply.then(tell) : tell(reply);
  };
}

function ending(): StatusError {
  const why = "create not allowed while custom resource definition is terminating";
  return new StatusError("MethodNotAllowed", why);
}

function notAllowed(): StatusError {
  const why = "the server does not allow this method on the requested resource";
  return new StatusError("MethodNotAllowed", why);
}

function fail(): never {
  throw notAllowed();
}
