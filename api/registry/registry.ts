import assert from "node:assert/strict";
import type { KubeObject } from "../types/meta.ts";
import { hasReason } from "../types/status.ts";
import type { Revision } from "../../store/ledger.ts";
import type { Store, Versioned, View } from "../../store/store.ts";
import type { Stake } from "../admission/resource_quota.ts";
import { Commits, stakeIn, subresourceName, type Surroundings } from "./commits.ts";
import { type DecodedObject, decodeObject, halfDecode } from "./decode_object.ts";
import { decodePatched, doublesApplied } from "./decode_patched.ts";
import { FieldIndex } from "./field_index.ts";
import { keyOf, prefixOf } from "./keys.ts";
import type { ActionSubresource, AnyKind, Moment, ViewSubresource } from "./kind.ts";
import { type ListOptions, listPage, type Page } from "./list_page.ts";
import { rejectMistakes } from "./mistakes.ts";
import { type Place, rejectElsewhere } from "./object_meta.ts";
import { applyPatch } from "./patch.ts";
import { applicationOf, planApplication, planFirstApply } from "./plan_application.ts";
import { prepareCreate } from "./plan_create.ts";
import {
  type Deletion,
  planDelete,
  type PlannedDeletion,
  rejectHeardSince,
} from "./plan_delete.ts";
import { type Planned, planReplace, planUpdate, planViewUpdate } from "./plan_update.ts";
import { notFound, rejectGone } from "./refusals.ts";
import { fieldReader, type Selection } from "./selection.ts";
import type { Deleted, Patch, WriteOptions, Written } from "./write_options.ts";

/** Deletions in one commit of a collection: with what each frees, well under what a ledger takes at once. */
const DELETIONS_PER_COMMIT = 20;

/** The verbs of one kind, once for all kinds. Decisions are made inside the transaction, so none is retried. */
export class Registry {
  readonly store: Store;
  readonly #commits: Commits;
  readonly #leases: Store;
  #byField: FieldIndex | undefined;
  constructor(readonly kind: AnyKind, around: Surroundings) {
    const store = kind.isVolatile ? around.volatileStore : around.store;
    this.store = kind.storedThrough?.(store) ?? store;
    this.#commits = new Commits(kind, this.store, around);
    this.#leases = around.volatileStore;
  }

  /** @throws {StatusError} NotFound */
  get(place: Place): Versioned {
    const { resource } = this.kind;
    const version = this.store.get(keyOf(resource, place.namespace, place.name));
    if (version === undefined) throw notFound(resource, place.name);
    return version;
  }

  /**
   * The object as it was after `revision`.
   * @throws {StatusError} NotFound, Expired
   */
  getAt(place: Place, revision: Revision): Versioned {
    const { resource } = this.kind;
    const key = keyOf(resource, place.namespace, place.name);
    const version = this.store.listAt(key, revision).find((one) => one.key === key);
    if (version === undefined) throw notFound(resource, place.name);
    return version;
  }

  /** @throws {StatusError} BadRequest, Expired, Timeout */
  list(options: ListOptions): Page {
    return listPage(this.kind, this.store, options, () => this.#index());
  }

  /** Made when somebody asks. */
  #index(): FieldIndex {
    const { resource, indexedField = "" } = this.kind;
    const read = fieldReader(this.kind, indexedField);
    assert.ok(read !== undefined, `${resource.resource} can be selected by ${indexedField}`);
    return this.#byField ??= new FieldIndex(this.store, prefixOf(resource), read);
  }

  /** @throws {StatusError} BadRequest, Invalid, AlreadyExists, and what admission refuses */
  async create(namespace: string, json: unknown, options: WriteOptions): Promise<Written> {
    const { resource, schema } = this.kind;
    const decoded = halfDecode(resource, schema, json, options);
    const { object, refusal, mistakes } = decoded;
    rejectElsewhere(object, { namespace, name: "" });
    if (refusal !== undefined) {
      const validate = () => prepareCreate(this.kind, object, namespace, this.#commits.moment());
      rejectMistakes(this.kind, object.metadata.name, { refusal, mistakes }, validate);
    }
    return await this.#commits.create(namespace, decoded, options);
  }

  /** @throws {StatusError} NotFound, BadRequest, Invalid, Conflict */
  async update(place: Place, json: unknown, options: WriteOptions): Promise<Written> {
    const decoded = this.#decode(json, options);
    rejectElsewhere(decoded.object, place);
    const isThere = this.store.get(keyOf(this.kind.resource, place.namespace, place.name));
    if (isThere === undefined) rejectGone(this.kind.resource, place.name, decoded.object.metadata);
    if (isThere === undefined && this.kind.createsOnUpdate) {
      const { metadata } = decoded.object;
      const object = { ...decoded.object, metadata: { ...metadata, name: place.name } };
      return await this.#commits.create(place.namespace, { ...decoded, object }, options);
    }
    const moment = this.#commits.moment(options);
    const written = await this.#commits.change(
      place,
      options,
      (old, view) => planUpdate(this.kind, decoded.object, old, view, moment),
    );
    return { ...written, warnings: [...decoded.warnings, ...written.warnings] };
  }

  /** @throws {StatusError} NotFound, BadRequest, Invalid, Conflict */
  async patch(place: Place, patch: Patch, options: WriteOptions): Promise<Written> {
    const { type } = patch;
    if (type === "apply") return await this.#apply(place, patch, options);
    const moment = this.#commits.moment(options);
    let warnings: readonly string[] = [];
    const written = await this.#commits.change(place, options, (old, view) => {
      const json = applyPatch(type, this.kind.schema, old, patch.body);
      const decoded = decodePatched(this.kind, { json, patch }, options);
      warnings = decoded.warnings;
      rejectElsewhere(decoded.object, place);
      return planUpdate(this.kind, decoded.object, old, view, moment);
    });
    return { ...written, warnings: [...warnings, ...written.warnings] };
  }

  /** @throws {StatusError} NotFound, BadRequest, Invalid, Conflict */
  async updateView(
    subresource: ViewSubresource<KubeObject>,
    place: Place,
    json: unknown,
    options: WriteOptions,
  ): Promise<Written> {
    const { resource, schema } = subresource;
    const decoded = decodeObject(resource, schema, json, options);
    rejectElsewhere(decoded.object, place);
    const moment = this.#commits.moment(options, subresource);
    const written = await this.#commits.change(
      place,
      options,
      (old) => planViewUpdate(this.kind, subresource, decoded.object, old, moment),
      this.#commits.changing(subresource),
    );
    return { ...written, warnings: [...decoded.warnings, ...written.warnings] };
  }

  /** @throws {StatusError} NotFound, BadRequest, Invalid, Conflict */
  async patchView(
    subresource: ViewSubresource<KubeObject>,
    place: Place,
    patch: Patch,
    options: WriteOptions,
  ): Promise<Written> {
    const { type } = patch;
    if (type === "apply") return await this.#applyView(subresource, place, patch, options);
    const { schema } = subresource;
    const moment = this.#commits.moment(options, subresource);
    let warnings: readonly string[] = [];
    const written = await this.#commits.change(place, options, (old) => {
      const json = applyPatch(type, schema, subresource.read(old), patch.body);
      const decoded = decodePatched(subresource, { json, patch }, options);
      warnings = decoded.warnings;
      rejectElsewhere(decoded.object, place);
      return planViewUpdate(this.kind, subresource, decoded.object, old, moment);
    }, this.#commits.changing(subresource));
    return { ...written, warnings: [...warnings, ...written.warnings] };
  }

  /** Creates what is not there yet. */
  async #apply(place: Place, { body, doubles }: Patch, options: WriteOptions): Promise<Written> {
    const { manager = "", isForced = false } = options;
    const moment = this.#commits.moment();
    const request = { json: body, place, manager, isForced };
    const application = applicationOf(this.kind, request, moment.now);
    const told = doublesApplied(doubles, options.fieldValidation);
    const change = async () => {
      const written = await this.#commits.change(
        place,
        options,
        (old, view) => planApplication(this.kind, application, { old, view }, moment),
      );
      return { ...written, warnings: [...told, ...written.warnings] };
    };
    const isThere = this.store.get(keyOf(this.kind.resource, place.namespace, place.name));
    if (isThere !== undefined) return await change();
    const first = planFirstApply(this.kind, application, place, moment);
    const decoded = { ...first.decoded, warnings: told };
    try {
      return await this.#commits.create(place.namespace, decoded, options, first.moment);
    } catch (error) {
      if (hasReason(error, "AlreadyExists")) return await change();
      throw error;
    }
  }

  async #applyView(
    subresource: ViewSubresource<KubeObject>,
    place: Place,
    { body, doubles }: Patch,
    options: WriteOptions,
  ): Promise<Written> {
    const { manager = "", isForced = false } = options;
    const moment = this.#commits.moment();
    const through = { name: subresourceName(this.kind, subresource), subresource };
    const request = { json: body, place, manager, isForced, through };
    const application = applicationOf(this.kind, request, moment.now);
    const told = doublesApplied(doubles, options.fieldValidation);
    const written = await this.#commits.change(
      place,
      options,
      (old, view) => planApplication(this.kind, application, { old, view, subresource }, moment),
      this.#commits.changing(subresource),
    );
    return { ...written, warnings: [...told, ...written.warnings] };
  }

  /** @throws {StatusError} NotFound, BadRequest, and what the action refuses */
  async act(
    subresource: ActionSubresource<KubeObject>,
    place: Place,
    json: unknown,
    options: WriteOptions,
  ): Promise<Written> {
    const { resource, schema } = subresource;
    const { object } = decodeObject(resource, schema, json, options);
    rejectElsewhere(object, place);
    const reviewed = await this.#commits.reviewedInput(subresource, place, object, options);
    const { input, warnings } = reviewed;
    const moment = this.#commits.moment();
    const written = await this.#commits.change(
      place,
      options,
      (old, view) => planAction(this.kind, subresource, { old, input, view, moment }),
      this.#commits.changing(subresource),
    );
    return warnings.length === 0 ? written : { ...written, warnings };
  }

  /** @throws {StatusError} NotFound, Conflict when a precondition fails, and what the kind refuses */
  async delete(
    place: Place,
    deletion: Deletion,
    options: Pick<WriteOptions, "isDryRun" | "user">,
  ): Promise<Deleted> {
    const moment = this.#commits.moment();
    let planned: PlannedDeletion | undefined;
    const decide = (old: KubeObject) => planned = this.#planDelete(old, deletion, moment);
    const deleting = { operation: "DELETE", subresource: "" } as const;
    const written = await this.#commits.change(place, options, decide, deleting);
    return { ...written, isRemoved: planned?.isRemoved ?? false };
  }

  #planDelete(old: KubeObject, deletion: Deletion, moment: Moment): PlannedDeletion {
    rejectHeardSince(this.kind, old, deletion, this.#leases);
    return planDelete(this.kind, old, deletion, moment);
  }

  /** Deletes every selected object as `delete` does, in several commits. @returns what it found */
  async deleteCollection(
    namespace: string | undefined,
    selection: Selection,
    deletion: Deletion,
    options: Pick<WriteOptions, "isDryRun" | "user">,
  ): Promise<readonly Versioned[]> {
    const found = this.store.list(prefixOf(this.kind.resource, namespace))
      .filter(({ object }) => selection.isEverything || selection.matches(object));
    if (this.#commits.reviewers({ operation: "DELETE", subresource: "" }, options) !== undefined) {
      await this.#deleteEach(found, deletion, options);
      return found;
    }
    for (let start = 0; start < found.length; start += DELETIONS_PER_COMMIT) {
      const part = found.slice(start, start + DELETIONS_PER_COMMIT);
      await this.#deleteAll(part, deletion, options);
    }
    return found;
  }

  /** Where webhooks are asked about each. */
  async #deleteEach(
    found: readonly Versioned[],
    deletion: Deletion,
    options: Pick<WriteOptions, "isDryRun" | "user">,
  ): Promise<void> {
    for (const { object: { metadata: { namespace = "", name } } } of found) {
      try {
        await this.delete({ namespace, name }, deletion, options);
      } catch (error) {
        if (!hasReason(error, "NotFound")) throw error;
      }
    }
  }

  async #deleteAll(
    found: readonly Versioned[],
    deletion: Deletion,
    { isDryRun, user }: Pick<WriteOptions, "isDryRun" | "user">,
  ): Promise<void> {
    const moment = this.#commits.moment();
    await this.store.commit((view) => {
      const stakes: Omit<Stake, "kind">[] = [];
      const writes = found.flatMap(({ key }) => {
        const old = view.get(key)?.object as KubeObject | undefined;
        if (old === undefined) return [];
        const { writes } = this.#planDelete(old, deletion, moment);
        const { namespace = "" } = old.metadata;
        this.#commits.admit({ operation: "DELETE", namespace, object: old, old, user }, view);
        stakes.push(stakeIn(writes, key, old));
        return writes;
      });
      return isDryRun ? [] : [...writes, ...this.#commits.charges(stakes, view)];
    });
  }

  #decode(json: unknown, options: WriteOptions): DecodedObject {
    return decodeObject(this.kind.resource, this.kind.schema, json, options);
  }
}

function planAction(
  kind: AnyKind,
  { act, plan }: ActionSubresource<KubeObject>,
  { old, input, view, moment }: { old: KubeObject; input: KubeObject; view: View; moment: Moment },
): Planned {
  if (plan !== undefined) return plan(old, input, { view, moment });
  return act === undefined
    ? { object: old, writes: [] }
    : planReplace(kind, act(old, input, moment), old);
}
