import type { Clock, Random } from "../types/ambient.ts";
import type { KubeObject } from "../types/meta.ts";
import { detailsOf } from "../registry/refusals.ts";
import { secondsOf } from "../registry/times.ts";
import type { Deleted, Written } from "../registry/write_options.ts";
import type { Page } from "../registry/list_page.ts";
import { rejectOtherName, type Selection, selectionOf } from "../registry/selection.ts";
import type { Versioned } from "../../store/store.ts";
import { asOfIn } from "./as_of.ts";
import type { Served } from "./catalog.ts";
import { readDeletion } from "./delete_options.ts";
import type { Call, Reply } from "./exchange.ts";
import { extentOf, rejectUnknown } from "./list_options.ts";
import { objectFormat } from "./negotiate.ts";
import { flagIn, patchOptionsFor, revisionIn, writeOptionsFor } from "./query.ts";
import { readObject, readPatch } from "./read_body.ts";
import { type Rendering, renderingOf, type Shown } from "./rendering.ts";
import { bytesReply, successReply, withHeaders, withWarnings } from "./replies.ts";
import { includeObjectIn } from "./table.ts";
import { watchRequestOf } from "./watch.ts";
import { JSON_TYPE, wireFor } from "./wire.ts";

/** A call on objects of one kind. */
export interface Target {
  readonly served: Served;
  /** Absent: all namespaces, or a cluster-scoped kind. */
  readonly namespace: string | undefined;
  /** "" on a collection. */
  readonly name: string;
}

/** The verbs on main resources, between HTTP and the registry. */
export class Resources {
  readonly #clock: Clock;
  readonly #random: Random;
  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get(call: Call, target: Target): Reply {
    return this.shown(this.rendering(call, target.served), this.version(call, target));
  }

  /** @throws {StatusError} NotFound, and when the version that is asked for is not there any more or not yet */
  version({ query }: Call, { served, namespace = "", name }: Target): Versioned {
    const { registry } = served;
    if (query.size === 0) return registry.get({ namespace, name });
    const past = asOfIn(query, registry.store);
    if (past !== undefined) return registry.getAt({ namespace, name }, past);
    rejectUnknown(registry.store, revisionIn(query));
    return registry.get({ namespace, name });
  }

  list(call: Call, { served, namespace }: Target): Reply {
    const page = served.registry.list({
      ...(namespace !== undefined && { namespace }),
      selection: selectionIn(call, served),
      ...extentOf(call.query, served.registry.store),
    });
    return listReply(this.rendering(call, served), page);
  }

  watch(call: Call, { served, namespace, name }: Target): Reply {
    const { registry, hub } = served;
    const selection = selectionIn(call, served, name);
    const rendering = this.rendering(call, served);
    const request = watchRequestOf({
      query: call.query,
      namespace,
      selection,
      rendering,
      revision: registry.store.revision,
      random: this.#random,
    });
    const { watchType } = rendering.wire;
    const headers = { "content-type": watchType, "cache-control": "no-cache, private" };
    return { status: 200, headers, body: hub.open(request) };
  }

  async create(call: Call, { served, namespace = "" }: Target): Promise<Reply> {
    const options = writeOptionsFor(call);
    const { json, doubles } = await readObject(call, served.kind);
    const written = await served.registry.create(namespace, json, { ...options, doubles });
    return this.written(call, served, written);
  }

  async update(call: Call, { served, namespace = "", name }: Target): Promise<Reply> {
    const options = writeOptionsFor(call, "UpdateOptions");
    const { json, doubles } = await readObject(call, served.kind);
    const place = { namespace, name };
    const written = await served.registry.update(place, json, { ...options, doubles });
    return this.written(call, served, written);
  }

  async patch(call: Call, { served, namespace = "", name }: Target): Promise<Reply> {
    const patch = await readPatch(call);
    const options = patchOptionsFor(call, patch.type);
    const written = await served.registry.patch({ namespace, name }, patch, options);
    return this.written(call, served, written);
  }

  async delete(call: Call, { served, namespace = "", name }: Target): Promise<Reply> {
    const { deletion, isDryRun } = await readDeletion(call);
    const deleted = await served.registry.delete({ namespace, name }, deletion, {
      isDryRun,
      user: call.user,
    });
    return this.#deleted(call, served, deleted);
  }

  async deleteCollection(call: Call, { served, namespace }: Target): Promise<Reply> {
    const { registry } = served;
    const selection = selectionIn(call, served);
    const rendering = this.rendering(call, served);
    const { deletion, isDryRun } = await readDeletion(call);
    const options = { isDryRun, user: call.user };
    const items = await registry.deleteCollection(namespace, selection, deletion, options);
    const { revision } = registry.store;
    return listReply(rendering, { items, revision, continue: "" });
  }

  written(call: Call, served: Served, { warnings, isNew, ...shown }: Written): Reply {
    const reply = this.shown(this.rendering(call, served), shown, isNew ? 201 : 200);
    return withWarnings(reply, warnings);
  }

  shown(rendering: Rendering, shown: Shown, status = 200): Reply {
    return bytesReply(rendering.one(shown), status, rendering.wire);
  }

  rendering(call: Call, { kind }: Served): Rendering {
    const hasNoBinary = kind.schema.structure !== undefined || kind.isMeasured === true;
    const format = objectFormat(call.header("accept"), hasNoBinary);
    const include = format === "table" ? includeObjectIn(call.query) : "Metadata";
    return renderingOf(kind, format, include, () => secondsOf(this.#clock.now()));
  }

  #deleted(call: Call, served: Served, deleted: Deleted): Reply {
    const { resource, returnsDeleted } = served.kind;
    if (!deleted.isRemoved || returnsDeleted) return this.written(call, served, deleted);
    const { name, uid } = deleted.object.metadata;
    const details = { ...detailsOf(resource, name), ...(uid !== undefined && { uid }) };
    const reply = successReply(wireFor(call.header("accept")), 200, details);
    return withWarnings(reply, deleted.warnings);
  }
}

export function listReply(rendering: Rendering, page: Page): Reply {
  const { length, body } = rendering.list(page);
  const headers = { "content-type": rendering.wire.type, "content-length": String(length) };
  return { status: 200, headers: { ...headers, "cache-control": "no-cache, private" }, body };
}

/** @param name of the path, where a watch has one */
export function selectionIn({ query }: Call, { kind }: Served, name = ""): Selection {
  const labels = query.get("labelSelector") ?? "";
  const fields = query.get("fieldSelector") ?? "";
  if (name === "") return selectionOf(kind, labels, fields);
  rejectOtherName(selectionOf(kind, labels, fields), name);
  const both = [fields, `metadata.name=${name}`].filter((text) => text !== "").join(",");
  return selectionOf(kind, labels, both);
}

export function isWatch({ query }: Call): boolean {
  return flagIn(query, "watch");
}

/** What `?pretty=true` asks for. Long lists stay as they are. */
export function prettyReply(reply: Reply): Reply {
  const { body, headers } = reply;
  if (!(body instanceof Uint8Array) || headers["content-type"] !== JSON_TYPE) return reply;
  const object = JSON.parse(new TextDecoder().decode(body)) as KubeObject;
  const pretty = new TextEncoder().encode(`${JSON.stringify(object, null, 2)}\n`);
  const { "content-length": _, ...rest } = headers;
  return withHeaders({ ...reply, headers: rest, body: pretty }, {});
}
