import type { Clock, Random } from "../types/ambient.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Key } from "../../store/ledger.ts";
import type { Store, Versioned, View, Write } from "../../store/store.ts";
import type { Admission, Attempt } from "../admission/admission.ts";
import type { chargeQuotas, Stake } from "../admission/resource_quota.ts";
import type { Reviewers, Webhooks } from "../admission/webhooks.ts";
import type { DecodedObject } from "./decode_object.ts";
import { keyOf } from "./keys.ts";
import type { ActionSubresource, AnyKind, Moment, Subresource } from "./kind.ts";
import type { Place } from "./object_meta.ts";
import { planCreate, prepareCreate } from "./plan_create.ts";
import { type Planned, planUpdate, planViewUpdate } from "./plan_update.ts";
import { conflict, notFound } from "./refusals.ts";
import { secondsOf } from "./times.ts";
import { RulesAreLoading } from "./structural/rules.ts";
import type { WriteOptions, Written } from "./write_options.ts";

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

/** A write that webhooks are asked about is asked about so often, while others are faster each time. */
const REVIEWS_MAX = 5;

/** What a change is, for admission. Webhooks see objects and views of them; of actions they see what comes in. */
export interface ChangeKind extends Pick<Attempt, "operation" | "subresource"> {
  readonly through?: Subresource<KubeObject>;
}

export type Decide = (old: KubeObject, view: View) => Planned;

const UPDATE: ChangeKind = { operation: "UPDATE", subresource: "" };

/** How decisions about the objects of one kind become writes: admission, webhooks and quotas around each. */
export class Commits {
  readonly #kind: AnyKind;
  readonly #store: Store;
  readonly #around: Surroundings;
  constructor(kind: AnyKind, store: Store, around: Surroundings) {
    this.#kind = kind;
    this.#store = store;
    this.#around = around;
  }

  /**
   * Puts an object there that was decoded, after webhooks had their say.
   * @throws {StatusError} Invalid, AlreadyExists, and what admission refuses
   */
  async create(
    namespace: string,
    decoded: DecodedObject,
    options: WriteOptions,
    moment = this.moment(options),
  ): Promise<Written> {
    return await withRules(() => this.#create(namespace, decoded, options, moment));
  }

  async #create(
    namespace: string,
    decoded: DecodedObject,
    options: WriteOptions,
    moment: Moment,
  ): Promise<Written> {
    const reviewers = this.reviewers({ operation: "CREATE", subresource: "" }, options);
    if (reviewers === undefined) return await this.#insert(namespace, decoded, options, moment);
    const { user, isDryRun } = options;
    const { resource, schema } = this.#kind;
    const draft = (object: KubeObject) => {
      const nameless = { ...moment, by: undefined };
      const prepared = prepareCreate(this.#kind, object, namespace, nameless);
      return this.admit({ operation: "CREATE", namespace, object: prepared, user }, this.#store);
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
    const prepared = prepareCreate(this.#kind, input, namespace, moment);
    let object = prepared;
    const versions = await this.#store.commit((view) => {
      const attempt = { operation: "CREATE", namespace, object: prepared, user } as const;
      const admitted = this.admit(attempt, view);
      const planned = planCreate(this.#kind, admitted, view, moment);
      object = planned.object;
      const charges = this.charges([{ namespace, next: object, mayBeRefused: true }], view);
      return isDryRun ? [] : [...planned.writes, ...charges];
    });
    const told = [...warnings, ...this.#kind.warn?.(object) ?? []];
    return { ...writtenOf(versions[0], object), isNew: true, warnings: told };
  }

  /** Reads, decides and writes; webhooks are asked in between, about the very object that is changed. */
  async change(
    place: Place,
    options: Pick<WriteOptions, "isDryRun" | "user">,
    decide: Decide,
    change: ChangeKind = UPDATE,
  ): Promise<Written> {
    return await withRules(() => this.#change(place, options, decide, change));
  }

  async #change(
    place: Place,
    options: Pick<WriteOptions, "isDryRun" | "user">,
    decide: Decide,
    change: ChangeKind,
  ): Promise<Written> {
    const { resource } = this.#kind;
    const key = keyOf(resource, place.namespace, place.name);
    const why = "others changed it while webhooks were asked";
    for (let turn = 0; turn < REVIEWS_MAX; turn += 1) {
      const reviewers = this.reviewers(change, options);
      if (reviewers === undefined) return await this.#step(place, options, decide, change);
      const seen = this.#store.get(key);
      if (seen === undefined) throw notFound(resource, place.name);
      const overtaken = conflict(resource, place.name, why);
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
    throw conflict(resource, place.name, why);
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
    const { resource, schema } = this.#kind;
    const { namespace = "", name } = object.metadata;
    const old: KubeObject = object;
    const view = through?.does === "view" ? through : undefined;
    const shown = (one: KubeObject): KubeObject => view?.read(one) ?? one;
    const planned = decide(old, this.#store);
    const isDeletion = operation === "DELETE";
    const next = isDeletion ? old : planned.object;
    this.admit({ operation, subresource, namespace, object: next, old, user }, this.#store);
    const about = { operation, resource, subresource, of: view?.resource ?? resource };
    const review = { ...about, namespace, name, old: shown(old), user, isDryRun };
    const before = isDeletion ? undefined : shown(next);
    const after = await reviewers.mutate({ ...review, object: before }, view?.schema ?? schema);
    if (after === undefined || after === before) {
      await reviewers.validate({ ...review, object: before });
      return decide;
    }
    const managedFields = planned.object.metadata.managedFields ?? [];
    const moment = { ...this.moment(), by: { managedFields } };
    const redecide: Decide = (old, state) =>
      view === undefined
        ? planUpdate(this.#kind, after, old, state, moment)
        : planViewUpdate(this.#kind, view, after, old, moment);
    await reviewers.validate({ ...review, object: shown(redecide(old, this.#store).object) });
    return redecide;
  }

  /** What an action is asked with, as webhooks want it; what the action does is not shown to them once more. */
  async reviewedInput(
    action: ActionSubresource<KubeObject>,
    { namespace, name }: Place,
    input: KubeObject,
    options: Pick<WriteOptions, "isDryRun" | "user">,
  ): Promise<{ input: KubeObject; warnings: readonly string[] }> {
    const subresource = subresourceName(this.#kind, action);
    const reviewers = this.reviewers({ operation: "CREATE", subresource }, options);
    if (reviewers === undefined) return { input, warnings: [] };
    const { user, isDryRun } = options;
    const about = { operation: "CREATE", resource: this.#kind.resource, subresource } as const;
    const where = { of: action.resource, namespace, name, old: undefined, user, isDryRun };
    const review = { ...about, ...where };
    const after = await reviewers.mutate({ ...review, object: input }, action.schema) ?? input;
    await reviewers.validate({ ...review, object: after });
    return { input: after, warnings: reviewers.warnings };
  }

  /** Who wants to be asked about such writes: nearly always nobody, and about the server's own never. */
  reviewers(
    { operation, subresource, through }: ChangeKind,
    { user }: Pick<WriteOptions, "user">,
  ): Reviewers | undefined {
    if (user === undefined || through?.does === "action") return undefined;
    return this.#around.webhooks?.concerning({
      operation,
      kind: this.#kind,
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
    const { resource } = this.#kind;
    const { namespace } = place;
    const key = keyOf(resource, place.namespace, place.name);
    let found: Versioned | undefined;
    let planned: Planned | undefined;
    const versions = await this.#store.commit((view) => {
      found = view.get(key);
      if (found === undefined) throw notFound(resource, place.name);
      planned = decide(found.object, view);
      const old: KubeObject = found.object;
      const object = operation === "DELETE" ? old : planned.object;
      this.admit({ operation, subresource, namespace, object, old, user }, view);
      const mayBeRefused = operation === "UPDATE" && subresource === "";
      const stake = { ...stakeIn(planned.writes, key, old), mayBeRefused };
      const charges = this.charges([stake], view);
      return isDryRun ? [] : [...planned.writes, ...charges];
    });
    const { object, writes } = planned!;
    const stored = object === found!.object ? found : undefined;
    const written = versions.find((version) => version.key === key);
    const isEnd = stored === undefined && writes[0]?.object === undefined;
    const version = isEnd ? undefined : written ?? stored;
    const isChange = operation === "UPDATE";
    const warnings = isChange ? this.#kind.warn?.(object) ?? [] : [];
    return { ...writtenOf(version, object), isNew: false, warnings };
  }

  /** What the quotas of the namespace make of it. */
  charges(stakes: readonly Omit<Stake, "kind">[], view: View): readonly Write[] {
    const { charge } = this.#around;
    const kind = this.#kind;
    return charge?.(stakes.map((stake) => ({ ...stake, kind })), view) ?? [];
  }

  /** @returns what the rules made of the object; of a change they may only refuse it */
  admit(asked: Omit<Attempt, "kind">, view: View): KubeObject {
    const seen = this.#kind.isVolatile ? this.#around.store : view;
    let attempt: Attempt = { ...asked, kind: this.#kind };
    for (const admission of this.#around.admission) {
      const object = admission(attempt, seen);
      if (object !== undefined) attempt = { ...attempt, object };
    }
    return attempt.object;
  }

  changing(through: Subresource<KubeObject>): ChangeKind {
    return { operation: "UPDATE", subresource: subresourceName(this.#kind, through), through };
  }

  /** @param options of a write whose author managed fields name */
  moment(options?: WriteOptions, subresource?: Subresource<KubeObject>): Moment {
    const { clock, random, newUid } = this.#around;
    const moment = { now: secondsOf(clock.now()), random, newUid };
    const manager = options?.manager;
    if (manager === undefined) return moment;
    if (subresource === undefined) return { ...moment, by: { manager } };
    return { ...moment, by: { manager, subresource: subresourceName(this.#kind, subresource) } };
  }
}

/** Does it again when the engine of rules is there, if it was missing. */
async function withRules<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RulesAreLoading)) throw error;
    await error.loading;
    return await work();
  }
}

export function subresourceName(
  { subresources = {} }: AnyKind,
  subresource: Subresource<KubeObject>,
): string {
  return Object.keys(subresources).find((name) => subresources[name] === subresource) ?? "";
}

/** What becomes of the object under `key`. */
export function stakeIn(writes: readonly Write[], key: Key, old: KubeObject): Omit<Stake, "kind"> {
  const { namespace = "" } = old.metadata;
  const write = writes.find((one) => one.key === key);
  return { namespace, old, next: write === undefined ? old : write.object, mayBeRefused: false };
}

function writtenOf(version: Versioned | undefined, object: KubeObject) {
  if (version === undefined) return { object, bytes: undefined };
  return { object: version.object as KubeObject, bytes: version.bytes };
}
