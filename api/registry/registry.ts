import type { Clock, Random } from "../types/ambient.ts";
import type { KubeObject } from "../types/meta.ts";
import { hasReason } from "../types/status.ts";
import type { Key, Revision } from "../../store/ledger.ts";
import type { Store, Versioned, View, Write } from "../../store/store.ts";
import type { Admission, Attempt } from "../admission/admission.ts";
import type { chargeQuotas, Stake } from "../admission/resource_quota.ts";
import type { Reviewers, Webhooks } from "../admission/webhooks.ts";
import type { User } from "../authentication/user.ts";
import {
  type DecodedObject,
  decodeObject,
  type FieldValidation,
  halfDecode,
} from "./decode_object.ts";
import { keyOf, prefixOf } from "./keys.ts";
import type { ActionSubresource, AnyKind, Moment, Subresource, ViewSubresource } from "./kind.ts";
import { type ListOptions, listPage, type Page } from "./list_page.ts";
import { rejectMistakes } from "./mistakes.ts";
import { type Place, rejectElsewhere } from "./object_meta.ts";
import { applyPatch, type PatchType } from "./patch.ts";
import { applicationOf, planApplication, planFirstApply } from "./plan_application.ts";
import { planCreate, prepareCreate } from "./plan_create.ts";
import { type Deletion, planDelete, type PlannedDeletion } from "./plan_delete.ts";
import { type Planned, planReplace, planUpdate, planViewUpdate } from "./plan_update.ts";
import { conflict, notFound, rejectGone } from "./refusals.ts";
import type { Selection } from "./selection.ts";

export interface WriteOptions {
  /** Everything happens but the write. */
  readonly isDryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Whom managed fields name; absent, the write is in nobody's name. */
  readonly manager?: string;
  /** An apply takes fields that others hold at another value. */
  readonly isForced?: boolean;
  /** Who writes; absent where the server itself does. */
  readonly user?: User | undefined;
}

/** What a write left behind. `bytes` is the JSON of `object` where it is stored. */
export interface Written {
  readonly object: KubeObject;
  readonly bytes: Uint8Array | undefined;
  readonly isNew: boolean;
  readonly warnings: readonly string[];
}

export interface Deleted extends Written {
  readonly isRemoved: boolean;
}

export interface Patch {
  readonly type: PatchType;
  readonly body: unknown;
}

/** What a registry needs of the world. Namespaces live in `store`, whatever the kind's own store is. */
export interface Surroundings {
  readonly store: Store;
  readonly volatileStore: Store;
  readonly admission: readonly Admission[];
  /** Last of all, when the object has its name: what it takes of quotas. */
  readonly charge?: typeof chargeQuotas;
  /** Asked before the transaction, and again where another write came in between. */
  readonly webhooks?: Pick<Webhooks, "concerning"> | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly newUid: () => string;
}

/** Deletions in one commit of a collection: with what each frees, well under what a ledger takes at once. */
const DELETIONS_PER_COMMIT = 20;

/** A write that webhooks are asked about is asked about so often, while others are faster each time. */
const REVIEWS_MAX = 5;

/** What a change is, for admission. Webhooks see objects and views of them, and no actions. */
interface ChangeKind extends Pick<Attempt, "operation" | "subresource"> {
  readonly through?: Subresource<KubeObject>;
}

type Decide = (old: KubeObject, view: View) => Planned;

const UPDATE: ChangeKind = { operation: "UPDATE", subresource: "" };

/** The verbs of one kind, once for all kinds. Decisions are made inside the transaction, so none is retried. */
export class Registry {
  readonly store: Store;
  readonly #around: Surroundings;
  constructor(readonly kind: AnyKind, around: Surroundings) {
    this.#around = around;
    const store = kind.isVolatile ? around.volatileStore : around.store;
    this.store = kind.storedThrough?.(store) ?? store;
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
    return listPage(this.kind, this.store, options);
  }

  /** @throws {StatusError} BadRequest, Invalid, AlreadyExists, and what admission refuses */
  async create(namespace: string, json: unknown, options: WriteOptions): Promise<Written> {
    const { resource, schema } = this.kind;
    const decoded = halfDecode(resource, schema, json, options.fieldValidation);
    const { object, refusal, mistakes } = decoded;
    rejectElsewhere(object, { namespace, name: "" });
    if (refusal !== undefined) {
      const validate = () => prepareCreate(this.kind, object, namespace, this.#moment());
      rejectMistakes(this.kind, object.metadata.name, { refusal, mistakes }, validate);
    }
    return await this.#create(namespace, decoded, options);
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
      return await this.#create(place.namespace, { ...decoded, object }, options);
    }
    const moment = this.#moment(options);
    const written = await this.#change(
      place,
      options,
      (old, view) => planUpdate(this.kind, decoded.object, old, view, moment),
    );
    return { ...written, warnings: [...decoded.warnings, ...written.warnings] };
  }

  /** @throws {StatusError} NotFound, BadRequest, Invalid, Conflict */
  async patch(place: Place, patch: Patch, options: WriteOptions): Promise<Written> {
    const { type } = patch;
    if (type === "apply") return await this.#apply(place, patch.body, options);
    const moment = this.#moment(options);
    let warnings: readonly string[] = [];
    const written = await this.#change(place, options, (old, view) => {
      const json = applyPatch(type, this.kind.schema, old, patch.body);
      const decoded = this.#decode(json, options);
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
    const decoded = decodeObject(resource, schema, json, options.fieldValidation);
    rejectElsewhere(decoded.object, place);
    const moment = this.#moment(options, subresource);
    const written = await this.#change(
      place,
      options,
      (old) => planViewUpdate(this.kind, subresource, decoded.object, old, moment),
      this.#changing(subresource),
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
    if (type === "apply") return await this.#applyView(subresource, place, patch.body, options);
    const { resource, schema } = subresource;
    const moment = this.#moment(options, subresource);
    let warnings: readonly string[] = [];
    const written = await this.#change(place, options, (old) => {
      const json = applyPatch(type, schema, subresource.read(old), patch.body);
      const decoded = decodeObject(resource, schema, json, options.fieldValidation);
      warnings = decoded.warnings;
      rejectElsewhere(decoded.object, place);
      return planViewUpdate(this.kind, subresource, decoded.object, old, moment);
    }, this.#changing(subresource));
    return { ...written, warnings: [...warnings, ...written.warnings] };
  }

  /** Creates what is not there yet. */
  async #apply(place: Place, json: unknown, options: WriteOptions): Promise<Written> {
    const { manager = "", isForced = false } = options;
    const moment = this.#moment();
    const application = applicationOf(this.kind, { json, place, manager, isForced }, moment.now);
    const change = () =>
      this.#change(
        place,
        options,
        (old, view) => planApplication(this.kind, application, { old, view }, moment),
      );
    const isThere = this.store.get(keyOf(this.kind.resource, place.namespace, place.name));
    if (isThere !== undefined) return await change();
    const first = planFirstApply(this.kind, application, place, moment);
    try {
      return await this.#create(place.namespace, first.decoded, options, first.moment);
    } catch (error) {
      if (hasReason(error, "AlreadyExists")) return await change();
      throw error;
    }
  }

  async #applyView(
    subresource: ViewSubresource<KubeObject>,
    place: Place,
    json: unknown,
    options: WriteOptions,
  ): Promise<Written> {
    const { manager = "", isForced = false } = options;
    const moment = this.#moment();
    const through = { name: subresourceName(this.kind, subresource), subresource };
    const request = { json, place, manager, isForced, through };
    const application = applicationOf(this.kind, request, moment.now);
    return await this.#change(
      place,
      options,
      (old, view) => planApplication(this.kind, application, { old, view, subresource }, moment),
      this.#changing(subresource),
    );
  }

  /** @throws {StatusError} NotFound, BadRequest, and what the action refuses */
  async act(
    subresource: ActionSubresource<KubeObject>,
    place: Place,
    json: unknown,
    options: WriteOptions,
  ): Promise<Written> {
    const { resource, schema } = subresource;
    const { object: input } = decodeObject(resource, schema, json, options.fieldValidation);
    rejectElsewhere(input, place);
    const moment = this.#moment();
    return await this.#change(
      place,
      options,
      (old, view) => planAction(this.kind, subresource, { old, input, view, moment }),
      this.#changing(subresource),
    );
  }

  /** @throws {StatusError} NotFound, Conflict when a precondition fails, and what the kind refuses */
  async delete(
    place: Place,
    deletion: Deletion,
    options: Pick<WriteOptions, "isDryRun" | "user">,
  ): Promise<Deleted> {
    const moment = this.#moment();
    let planned: PlannedDeletion | undefined;
    const decide = (old: KubeObject) => planned = planDelete(this.kind, old, deletion, moment);
    const deleting = { operation: "DELETE", subresource: "" } as const;
    const written = await this.#change(place, options, decide, deleting);
    return { ...written, isRemoved: planned?.isRemoved ?? false };
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
    if (this.#reviewers({ operation: "DELETE", subresource: "" }, options) !== undefined) {
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
    const moment = this.#moment();
    await this.store.commit((view) => {
      const stakes: Omit<Stake, "kind">[] = [];
      const writes = found.flatMap(({ key }) => {
        const old = view.get(key)?.object as KubeObject | undefined;
        if (old === undefined) return [];
        const { writes } = planDelete(this.kind, old, deletion, moment);
        const { namespace = "" } = old.metadata;
        this.#admit({ operation: "DELETE", namespace, object: old, old, user }, view);
        stakes.push(stakeIn(writes, key, old));
        return writes;
      });
      return isDryRun ? [] : [...writes, ...this.#charges(stakes, view)];
    });
  }

  async #create(
    namespace: string,
    decoded: DecodedObject,
    options: WriteOptions,
    moment = this.#moment(options),
  ): Promise<Written> {
    const reviewers = this.#reviewers({ operation: "CREATE", subresource: "" }, options);
    if (reviewers === undefined) return await this.#insert(namespace, decoded, options, moment);
    const { user, isDryRun } = options;
    const { resource, schema } = this.kind;
    const draft = (object: KubeObject) => {
      const nameless = { ...moment, by: undefined };
      const prepared = prepareCreate(this.kind, object, namespace, nameless);
      return this.#admit({ operation: "CREATE", namespace, object: prepared, user }, this.store);
    };
    const before = draft(decoded.object);
    const { name } = before.metadata;
    const review = { operation: "CREATE", resource, subresource: "", of: resource } as const;
    const about = { ...review, namespace, name, old: undefined, user, isDryRun };
    const after = await reviewers.mutate({ ...about, object: before }, schema) ?? before;
    const object = after === before ? decoded.object : after;
    await reviewers.validate({ ...about, object: after === before ? before : draft(after) });
    const warnings = [...decoded.warnings, ...reviewers.warnings];
    return await this.#insert(namespace, { object, warnings }, options, moment);
  }

  async #insert(
    namespace: string,
    { object: input, warnings }: DecodedObject,
    options: WriteOptions,
    moment: Moment,
  ): Promise<Written> {
    const { isDryRun, user } = options;
    const prepared = prepareCreate(this.kind, input, namespace, moment);
    let object = prepared;
    const versions = await this.store.commit((view) => {
      const attempt = { operation: "CREATE", namespace, object: prepared, user } as const;
      const admitted = this.#admit(attempt, view);
      const planned = planCreate(this.kind, admitted, view, moment);
      object = planned.object;
      const charges = this.#charges([{ namespace, next: object, mayBeRefused: true }], view);
      return isDryRun ? [] : [...planned.writes, ...charges];
    });
    const told = [...warnings, ...this.kind.warn?.(object) ?? []];
    return { ...writtenOf(versions[0], object), isNew: true, warnings: told };
  }

  /** Reads, decides and writes; webhooks are asked in between, about the very object that is changed. */
  async #change(
    place: Place,
    options: Pick<WriteOptions, "isDryRun" | "user">,
    decide: Decide,
    change: ChangeKind = UPDATE,
  ): Promise<Written> {
    const { resource } = this.kind;
    const key = keyOf(resource, place.namespace, place.name);
    const overtaken = conflict(resource, place.name, "others changed it while webhooks were asked");
    for (let turn = 0; turn < REVIEWS_MAX; turn += 1) {
      const reviewers = this.#reviewers(change, options);
      if (reviewers === undefined) return await this.#step(place, options, decide, change);
      const seen = this.get(place);
      const reviewed = await this.#reviewed(reviewers, seen, decide, { options, change });
      try {
        const written = await this.#step(place, options, (old, view) => {
          if (view.get(key)?.revision !== seen.revision) throw overtaken;
          return reviewed(old, view);
        }, change);
        return { ...written, warnings: [...reviewers.warnings, ...written.warnings] };
      } catch (error) {
        if (error !== overtaken) throw error;
      }
    }
    throw overtaken;
  }

  /** @returns the decision, as mutating webhooks want it */
  async #reviewed(
    reviewers: Reviewers,
    { object }: Versioned,
    decide: Decide,
    { options: { isDryRun, user }, change }: {
      options: Pick<WriteOptions, "isDryRun" | "user">;
      change: ChangeKind;
    },
  ): Promise<Decide> {
    const { operation, subresource = "", through } = change;
    const { resource, schema } = this.kind;
    const { namespace = "", name } = object.metadata;
    const old: KubeObject = object;
    const view = through?.does === "view" ? through : undefined;
    const shown = (one: KubeObject): KubeObject => view?.read(one) ?? one;
    const planned = decide(old, this.store);
    const isDeletion = operation === "DELETE";
    const next = isDeletion ? old : planned.object;
    this.#admit({ operation, subresource, namespace, object: next, old, user }, this.store);
    const about = { operation, resource, subresource, of: view?.resource ?? resource };
    const review = { ...about, namespace, name, old: shown(old), user, isDryRun };
    const before = isDeletion ? undefined : shown(next);
    const after = await reviewers.mutate({ ...review, object: before }, view?.schema ?? schema);
    if (after === undefined || after === before) {
      await reviewers.validate({ ...review, object: before });
      return decide;
    }
    const managedFields = planned.object.metadata.managedFields ?? [];
    const moment = { ...this.#moment(), by: { managedFields } };
    const redecide: Decide = (old, state) =>
      view === undefined
        ? planUpdate(this.kind, after, old, state, moment)
        : planViewUpdate(this.kind, view, after, old, moment);
    await reviewers.validate({ ...review, object: shown(redecide(old, this.store).object) });
    return redecide;
  }

  /** Who wants to be asked about such writes: nearly always nobody, and about the server's own never. */
  #reviewers(
    { operation, subresource, through }: ChangeKind,
    { user }: Pick<WriteOptions, "user">,
  ): Reviewers | undefined {
    if (user === undefined || through?.does === "action") return undefined;
    return this.#around.webhooks?.concerning({
      operation,
      kind: this.kind,
      ...(subresource !== undefined && { subresource }),
    });
  }

  /** Reads, decides and writes as one step. */
  async #step(
    place: Place,
    { isDryRun, user }: Pick<WriteOptions, "isDryRun" | "user">,
    decide: Decide,
    { operation, subresource = "" }: ChangeKind,
  ): Promise<Written> {
    const { resource } = this.kind;
    const { namespace } = place;
    const key = keyOf(resource, place.namespace, place.name);
    let found: Versioned | undefined;
    let planned: Planned | undefined;
    const versions = await this.store.commit((view) => {
      found = view.get(key);
      if (found === undefined) throw notFound(resource, place.name);
      planned = decide(found.object, view);
      const old: KubeObject = found.object;
      const object = operation === "DELETE" ? old : planned.object;
      this.#admit({ operation, subresource, namespace, object, old, user }, view);
      const mayBeRefused = operation === "UPDATE" && subresource === "";
      const stake = { ...stakeIn(planned.writes, key, old), mayBeRefused };
      const charges = this.#charges([stake], view);
      return isDryRun ? [] : [...planned.writes, ...charges];
    });
    const { object, writes } = planned!;
    const stored = object === found!.object ? found : undefined;
    const written = versions.find((version) => version.key === key);
    const isEnd = stored === undefined && writes[0]?.object === undefined;
    const version = isEnd ? undefined : written ?? stored;
    const isChange = operation === "UPDATE";
    const warnings = isChange ? this.kind.warn?.(object) ?? [] : [];
    return { ...writtenOf(version, object), isNew: false, warnings };
  }

  /** What the quotas of the namespace make of it. */
  #charges(stakes: readonly Omit<Stake, "kind">[], view: View): readonly Write[] {
    const { charge } = this.#around;
    const { kind } = this;
    return charge?.(stakes.map((stake) => ({ ...stake, kind })), view) ?? [];
  }

  #decode(json: unknown, { fieldValidation }: WriteOptions): DecodedObject {
    return decodeObject(this.kind.resource, this.kind.schema, json, fieldValidation);
  }

  /** @returns what the rules made of the object; of a change they may only refuse it */
  #admit(asked: Omit<Attempt, "kind">, view: View): KubeObject {
    const seen = this.kind.isVolatile ? this.#around.store : view;
    let attempt: Attempt = { ...asked, kind: this.kind };
    for (const admission of this.#around.admission) {
      const object = admission(attempt, seen);
      if (object !== undefined) attempt = { ...attempt, object };
    }
    return attempt.object;
  }

  #changing(through: Subresource<KubeObject>): ChangeKind {
    return { operation: "UPDATE", subresource: subresourceName(this.kind, through), through };
  }

  /** @param options of a write whose author managed fields name */
  #moment(options?: WriteOptions, subresource?: Subresource<KubeObject>): Moment {
    const { clock, random, newUid } = this.#around;
    const moment = { now: secondsOf(clock.now()), random, newUid };
    const manager = options?.manager;
    if (manager === undefined) return moment;
    if (subresource === undefined) return { ...moment, by: { manager } };
    return { ...moment, by: { manager, subresource: subresourceName(this.kind, subresource) } };
  }
}

function subresourceName(
  { subresources = {} }: AnyKind,
  subresource: Subresource<KubeObject>,
): string {
  return Object.keys(subresources).find((name) => subresources[name] === subresource) ?? "";
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

/** What becomes of the object under `key`. */
function stakeIn(writes: readonly Write[], key: Key, old: KubeObject): Omit<Stake, "kind"> {
  const { namespace = "" } = old.metadata;
  const write = writes.find((one) => one.key === key);
  return { namespace, old, next: write === undefined ? old : write.object, mayBeRefused: false };
}

function writtenOf(version: Versioned | undefined, object: KubeObject) {
  if (version === undefined) return { object, bytes: undefined };
  return { object: version.object as KubeObject, bytes: version.bytes };
}

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export function secondsOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
