import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";
import { hasReason, StatusError } from "../api/types/status.ts";
import type { Write } from "../client/cache.ts";
import { EventRecorder } from "../client/events.ts";
import { WorkQueue } from "../client/queue.ts";
import { watchQueue } from "../client/queue_metrics.ts";
import { perform, resourceOf } from "../client/writes.ts";
import type {
  Change,
  Controller,
  ControllerOptions,
  Failure,
  ObjectKey,
  Plan,
  Report,
  Trigger,
  World,
} from "./controller.ts";
import { Facts } from "./facts.ts";
import { LastWrites } from "./last_writes.ts";
import { TokenBucket } from "./token_bucket.ts";

/** Writes of one plan at one time. They begin with one and double while all succeed, as kube-controller-manager's do. */
const WRITES_AT_ONCE_MAX = 64;
/** A key whose writes the cache does not show is looked at again after this, should the event have been compacted away. */
const BEHIND_RECHECK_MS = 10_000;

/** Runs one controller until the signal aborts. */
export class ControllerRuntime<T extends KubeObject> {
  readonly #controller: Controller<T>;
  readonly #with: ControllerOptions;
  readonly #queue: WorkQueue;
  readonly #recorder: EventRecorder;
  readonly #lastWrites = new Map<string, LastWrites>();
  /** Keys whose last write the cache has not shown. */
  readonly #behind = new Set<string>();
  readonly #facts = new Map<string, Facts>();
  readonly #failures = new Map<string, Failure>();
  readonly #heardAt = new Map<string, number>();
  readonly #rates: ReadonlyMap<string, TokenBucket>;

  constructor(controller: Controller<T>, options: ControllerOptions) {
    this.#controller = controller;
    this.#with = options;
    const { clock, metrics } = options;
    const watcher = metrics && { watcher: watchQueue(metrics, controller.name, clock) };
    this.#queue = new WorkQueue({ clock, ...watcher });
    this.#recorder = new EventRecorder({ ...options, component: controller.name });
    this.#rates = new Map(
      Object.entries(controller.rates ?? {}).map(([name, { perSecond, burst }]) =>
        [name, new TokenBucket(perSecond, burst)] as const
      ),
    );
  }

  async run(): Promise<void> {
    const { cache, signal } = this.#with;
    const { reconciles, requeueOn, concurrency = 1 } = this.#controller;
    for (const resource of [reconciles, ...requeueOn.map(({ resource }) => resource)]) {
      if (!cache.isWatching(resource)) cache.watch(resource); // or somebody knows better what matters
    }
    await cache.synced();
    if (signal.aborted) return;
    const ends = [
      ...requeueOn.map((trigger) => this.#follow(trigger)),
      cache.onChange(reconciles, (before, after) => {
        const object = after ?? before;
        if (object !== undefined) this.#queue.add(textOf(object.metadata));
        this.#recheckBehind();
      }),
    ];
    await Promise.all(Array.from({ length: concurrency }, () => this.#work()));
    for (const end of ends) end();
    this.#queue.close();
  }

  #follow({ resource, wakes, hears }: Trigger): () => void {
    const { cache, clock } = this.#with;
    return cache.onChange(resource, (before, after) => {
      const change: Change<KubeObject> = { before, after };
      for (const key of hears?.(change) ?? []) this.#heardAt.set(textOf(key), clock.now());
      for (const key of wakes(change, cache)) this.#queue.add(textOf(key));
      this.#recheckBehind();
    });
  }

  /** The queue runs them later, when everything that came together is in the cache. */
  #recheckBehind(): void {
    for (const key of this.#behind) this.#queue.add(key);
  }

  async #work(): Promise<void> {
    const { signal } = this.#with;
    for (
      let key = await this.#queue.next(signal);
      key !== undefined;
      key = await this.#queue.next(signal)
    ) {
      await this.#sync(key);
      this.#queue.done(key);
    }
  }

  async #sync(text: string): Promise<void> {
    if (this.#isBehind(text)) return;
    try {
      const plan = await this.#planFor(text);
      this.#queue.cancel(text);
      const waitMs = plan.writes.length === 0 ? 0 : this.#waitFor(plan.takes);
      if (waitMs > 0) return this.#queue.addAfter(text, waitMs);
      await this.#write(text, plan.writes);
      this.#queue.forget(text);
      if (plan.againMs !== undefined) this.#queue.addAfter(text, plan.againMs);
    } catch (error) {
      this.#retry(text, error);
    }
  }

  #isBehind(text: string): boolean {
    const last = this.#lastWrites.get(text);
    if (last === undefined) return false;
    if (!last.isSeenBy(this.#with.cache)) {
      this.#behind.add(text);
      this.#queue.addAfter(text, BEHIND_RECHECK_MS);
      return true;
    }
    this.#behind.delete(text);
    this.#lastWrites.delete(text);
    return false;
  }

  async #planFor(text: string): Promise<Plan> {
    const { cache } = this.#with;
    const { reconciles, reads } = this.#controller;
    const key = keyFrom(text);
    const before = cache.get(reconciles, key.namespace, key.name);
    const lists = new Map<string, readonly KubeObject[]>();
    const now = this.#with.clock.now();
    const heldSince = (fact: string) => this.#facts.get(text)?.heldSince(fact, now) ?? now;
    for (const { resource, options } of reads?.(key, before, cache, { now, heldSince }) ?? []) {
      lists.set(textOfResource(resource), (await this.#with.api.list(resource, options)).items);
    }
    const object = cache.get(reconciles, key.namespace, key.name);
    if ((object === undefined) !== (before === undefined)) return { writes: [], againMs: 0 };
    return this.#plan(text, object, lists);
  }

  #plan(
    text: string,
    object: Readonly<T> | undefined,
    lists: ReadonlyMap<string, readonly KubeObject[]>,
  ): Plan {
    const facts = this.#facts.get(text) ?? new Facts();
    const now = this.#with.clock.now();
    const world: World = {
      cache: this.#with.cache,
      now,
      heardAt: this.#heardAt.get(text),
      failure: this.#failures.get(text),
      since: (fact) => facts.since(fact, now),
      read: <R extends KubeObject>(resource: Resource<R>) =>
        (lists.get(textOfResource(resource)) ?? []) as R[],
    };
    const plan = object !== undefined
      ? this.#controller.plan(object, world)
      : this.#controller.planGone?.(keyFrom(text), world) ?? { writes: [] };
    if (facts.turn()) this.#facts.set(text, facts);
    else this.#facts.delete(text);
    if (object === undefined) {
      this.#heardAt.delete(text);
      this.#failures.delete(text);
    }
    return plan;
  }

  #waitFor(rate: string | undefined): number {
    if (rate === undefined) return 0;
    return this.#rates.get(rate)?.take(this.#with.clock.now()) ?? 0;
  }

  async #write(text: string, writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return void this.#failures.delete(text);
    const last = new LastWrites();
    this.#lastWrites.set(text, last);
    for (
      let from = 0, size = 1;
      from < writes.length;
      size = Math.min(2 * size, WRITES_AT_ONCE_MAX)
    ) {
      const batch = writes.slice(from, from + size);
      const results = await Promise.allSettled(
        batch.map((write) => this.#perform(text, write, last)),
      );
      const failed = results.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      from += size;
    }
    this.#failures.delete(text);
  }

  async #perform(text: string, write: Write, last: LastWrites): Promise<void> {
    const before = this.#before(write);
    try {
      const written = await perform(this.#with.api, write);
      last.note(write, written);
      this.#report(text, this.#controller.reports?.(write, written, before));
    } catch (error) {
      if (error instanceof StatusError) {
        const kind = write.verb === "deleteCollection" ? "" : write.object.kind;
        const { reason, message } = error;
        this.#failures.set(text, { verb: write.verb, kind, reason, message });
        this.#report(text, this.#controller.reports?.(write, error, before));
      }
      throw error;
    }
  }

  #before(write: Write): Readonly<KubeObject> | undefined {
    if (this.#controller.reports === undefined || write.verb === "deleteCollection") {
      return undefined;
    }
    const { namespace = "", name } = write.object.metadata;
    return this.#with.cache.get(resourceOf(write.object), namespace, name);
  }

  #report(text: string, report: Report | undefined): void {
    const { namespace, name } = keyFrom(text);
    const about = this.#with.cache.get(this.#controller.reconciles, namespace, name);
    if (report === undefined || about === undefined) return;
    this.#recorder.record(about, report.type, report.reason, report.message);
  }

  /** A Conflict is a race that the next plan settles; everything else is worth a line. */
  #retry(text: string, error: unknown): void {
    if (!(error instanceof StatusError)) throw error;
    const waitMs = this.#queue.addLater(text);
    if (hasReason(error, "Conflict", "NotFound", "AlreadyExists")) return;
    const { name, reconciles } = this.#controller;
    this.#with.log(`${name} cannot bring about ${reconciles.resource}/${text}: ${error.message}`, {
      reason: error.reason,
      waitMs,
    });
  }
}

function textOf({ namespace = "", name }: { namespace?: string; name: string }): string {
  return `${namespace}/${name}`;
}

function keyFrom(text: string): ObjectKey {
  const slash = text.indexOf("/");
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

function textOfResource({ apiVersion, resource }: Resource<KubeObject>): string {
  return `${apiVersion}/${resource}`;
}
