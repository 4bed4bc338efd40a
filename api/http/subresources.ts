import type { KubeObject } from "../types/meta.ts";
import type { ActionSubresource, ViewSubresource } from "../registry/kind.ts";
import type { Written } from "../registry/write_options.ts";
import type { Served } from "./catalog.ts";
import type { Call, Reply } from "./exchange.ts";
import { patchOptionsFor, writeOptionsFor } from "./query.ts";
import { readObject, readPatch } from "./read_body.ts";
import { objectReply, successReply, withWarnings } from "./replies.ts";
import type { Resources, Target } from "./resources.ts";
import { wireFor } from "./wire.ts";
import { isJsonObject } from "../types/json.ts";

type View = ViewSubresource<KubeObject>;

/** Views of an object under its own path, such as `status` and `scale`, and actions on it, such as `binding`. */
export class Subresources {
  readonly #resources: Resources;
  constructor(resources: Resources) {
    this.#resources = resources;
  }

  get(call: Call, view: View, target: Target): Reply {
    const version = this.#resources.version(call, target);
    const shown = view.read(version.object);
    if (shown !== version.object) return viewReply(call, view, shown);
    return this.#resources.shown(this.#resources.rendering(call, target.served), version);
  }

  async update(call: Call, view: View, { served, namespace = "", name }: Target): Promise<Reply> {
    const options = writeOptionsFor(call, "UpdateOptions");
    const { json, doubles } = await readObject(call, view);
    const place = { namespace, name };
    const told = { ...options, doubles };
    const written = await served.registry.updateView(view, place, json, told);
    return this.#written(call, view, served, written);
  }

  async patch(call: Call, view: View, { served, namespace = "", name }: Target): Promise<Reply> {
    const patch = await readPatch(call);
    const options = patchOptionsFor(call, patch.type);
    const written = await served.registry.patchView(view, { namespace, name }, patch, options);
    return this.#written(call, view, served, written);
  }

  async act(
    call: Call,
    action: ActionSubresource<KubeObject>,
    { served, namespace = "", name }: Target,
  ): Promise<Reply> {
    const options = writeOptionsFor(call);
    const { json, doubles } = await readObject(call, action);
    const named = name === "" ? nameIn(json) : name;
    const place = { namespace, name: named };
    const { warnings } = await served.registry.act(action, place, json, { ...options, doubles });
    return withWarnings(successReply(wireFor(call.header("accept")), 201), warnings);
  }

  #written(call: Call, view: View, served: Served, written: Written): Reply {
    const shown = view.read(written.object);
    if (shown === written.object) return this.#resources.written(call, served, written);
    return withWarnings(viewReply(call, view, shown), written.warnings);
  }
}

function viewReply(call: Call, { schema }: View, shown: KubeObject): Reply {
  return objectReply(wireFor(call.header("accept")), schema, shown);
}

/** Whom an action on a collection is about. */
function nameIn(json: unknown): string {
  const metadata = isJsonObject(json) ? json["metadata"] : undefined;
  const name = isJsonObject(metadata) ? metadata["name"] : undefined;
  return typeof name === "string" ? name : "";
}
