import assert from "node:assert/strict";
import type { HistoryLimits } from "../../../store/history.ts";
import { type Harness, startApi } from "../harness.ts";
import {
  anyId,
  anyOperation,
  applyCollection,
  KINDS,
  NAMESPACES,
  type Operation,
  pathOf,
  perform,
} from "./operations.ts";
import { Choices } from "../choices.ts";
import { MEDIA, type RunMedium } from "./media.ts";
import { type Id, Reference, type Scope, sees, SELECTORS, textOf } from "./reference.ts";
import { holdList, thingOf, urlOf, Watching } from "./watching.ts";

export interface ModelRun {
  readonly seed: number;
  readonly operations: number;
  /** A key of `MEDIA`; the memory of this process by default. */
  readonly medium?: string;
}

const WATCHERS = 10;
/** Steps between two looks at what the watchers got. */
const STEPS_BETWEEN = 20;
/** Small, so that old revisions expire all the time. */
const HISTORY: HistoryLimits = { events: 150, bytes: 1e9, ageMs: 0, youngEvents: 150 };

/**
 * The API server against a reference that is a map and a list: random writes, some at one time; reads of now and
 * of then; watches of every scope that break, resume, expire and list anew; restarts on the same medium. Every
 * answer and every event is held against the reference.
 */
export async function runModel({ seed, operations, medium = "memory" }: ModelRun): Promise<void> {
  const make = MEDIA[medium];
  assert.ok(make, `No medium is called ${medium}: there are ${Object.keys(MEDIA).join(", ")}`);
  const made = await make();
  try {
    await runOn(made, seed, operations);
  } finally {
    await made.remove();
  }
}

async function runOn(medium: RunMedium, seed: number, operations: number): Promise<void> {
  const run = await Run.start(new Choices(seed), medium);
  try {
    for (let steps = 0; run.done < operations; steps += 1) {
      await run.step();
      if (steps % STEPS_BETWEEN === STEPS_BETWEEN - 1) await run.settle();
    }
    await run.settle();
  } finally {
    await run.end();
  }
}

class Run {
  done = 0;
  readonly #choices: Choices;
  readonly #medium: RunMedium;
  readonly #reference: Reference;
  readonly #watchings: Watching[] = [];
  #api: Harness;

  private constructor(choices: Choices, medium: RunMedium, api: Harness) {
    this.#choices = choices;
    this.#medium = medium;
    this.#api = api;
    this.#reference = new Reference(api.store.revision);
  }

  static async start(choices: Choices, medium: RunMedium): Promise<Run> {
    const ledger = await medium.open();
    const run = new Run(choices, medium, await startApi({ ledger, historyLimits: HISTORY }));
    for (let i = 0; i < WATCHERS; i += 1) await run.#replace(i);
    return run;
  }

  async step(): Promise<void> {
    this.done += 1;
    const weights = {
      write: 60,
      collection: 2,
      list: 5,
      pages: 3,
      then: 4,
      get: 4,
      resume: 6,
      replace: 2,
      restart: 0.5,
    };
    switch (this.#choices.weighted(weights)) {
      case "write":
        return await this.#write();
      case "collection":
        return await this.#deleteCollection();
      case "list":
        return await this.#list();
      case "pages":
        return await this.#pages();
      case "then":
        return await this.#then();
      case "get":
        return await this.#get();
      case "resume":
        return await this.#choices.of(this.#watchings).resume(this.#api);
      case "replace":
        return await this.#replace(this.#choices.below(WATCHERS));
      case "restart":
        return await this.#restart();
    }
  }

  async settle(): Promise<void> {
    assert.equal(this.#api.store.revision, this.#reference.revision);
    for (const watching of this.#watchings) await watching.settle();
  }

  async end(): Promise<void> {
    await Promise.all(this.#watchings.map((watching) => watching.close()));
    await this.#api[Symbol.asyncDispose]();
  }

  async #write(): Promise<void> {
    const operations = new Map<Id, Operation>();
    const many = this.#choices.chance(0.3) ? 2 + this.#choices.below(6) : 1;
    let removals = 0;
    for (let i = 0; i < many; i += 1) {
      const id = anyId(this.#choices);
      if (operations.has(id)) continue;
      const operation = anyOperation(id, this.#reference, this.#choices);
      const { effect } = operation;
      if (effect !== "none" && effect.next === undefined && (removals += 1) > 1) continue;
      operations.set(id, operation);
    }
    this.done += operations.size - 1;
    await perform([...operations.values()], this.#api, this.#reference);
  }

  async #deleteCollection(): Promise<void> {
    const scope = { ...this.#scope(), namespace: this.#choices.of(NAMESPACES) };
    const ids = this.#reference.ids.filter((id) => sees(scope, id, this.#reference.get(id)));
    const answer = await this.#api.call("DELETE", urlOf(scope));
    assert.deepEqual([answer.code, answer.body.items.length], [200, ids.length]);
    applyCollection(ids, this.#reference);
  }

  async #list(): Promise<void> {
    const scope = this.#scope();
    const query = this.#choices.of([
      "",
      "resourceVersion=0",
      `resourceVersion=${this.#reference.revision}`,
    ]);
    holdList(scope, await this.#api.call("GET", urlOf(scope, query)), this.#reference);
  }

  /** Pages of one state, with writes between them. */
  async #pages(): Promise<void> {
    const scope = this.#scope();
    const limit = `limit=${1 + this.#choices.below(5)}`;
    const { revision } = this.#reference;
    const items: unknown[] = [];
    let token: string | undefined = "";
    for (let page = 0; token !== undefined; page += 1) {
      const answer = await this.#api.call("GET", urlOf(scope, limit, token && `continue=${token}`));
      assert.equal(answer.code, 200, JSON.stringify(answer.body));
      assert.equal(answer.body.metadata.resourceVersion, String(revision));
      items.push(...answer.body.items);
      token = answer.body.metadata.continue;
      if (page < 3) await this.#write();
    }
    const whole = { metadata: { resourceVersion: String(revision) }, items };
    holdList(scope, { code: 200, body: whole, headers: new Headers() }, this.#reference);
  }

  /** A state of the past; or, where it is forgotten, the word for that. */
  async #then(): Promise<void> {
    const scope = this.#scope();
    const { revision } = this.#reference;
    const asOf = Math.max(1, revision - this.#choices.below(200));
    const query = this.#choices.of([
      `asOf=${asOf}`,
      `resourceVersion=${asOf}&resourceVersionMatch=Exact`,
    ]);
    const answer = await this.#api.call("GET", urlOf(scope, query));
    if (asOf < this.#api.store.compacted) assert.equal(answer.code, 410);
    else if (asOf >= this.#first) holdList(scope, answer, this.#reference);
  }

  async #get(): Promise<void> {
    const id = anyId(this.#choices);
    const thing = this.#reference.get(id);
    const answer = await this.#api.call("GET", pathOf(id));
    assert.equal(answer.code, thing === undefined ? 404 : 200);
    if (thing === undefined) return;
    const got = thingOf(answer.body);
    assert.deepEqual([got.uid, got.revision, textOf(got)], [
      thing.uid,
      thing.revision,
      textOf(thing),
    ]);
  }

  async #replace(at: number): Promise<void> {
    await this.#watchings[at]?.close();
    const watching = new Watching(this.#scope(), this.#reference);
    const { compacted } = this.#api.store;
    const back = Math.max(
      compacted,
      this.#first,
      this.#reference.revision - this.#choices.below(150),
    );
    await watching.open(
      this.#api,
      this.#choices.of([{ after: back }, "list", "state", "watch-list"]),
    );
    this.#watchings[at] = watching;
  }

  async #restart(): Promise<void> {
    await this.#api[Symbol.asyncDispose]();
    const ledger = await this.#medium.open();
    this.#api = await startApi({ ledger, historyLimits: HISTORY });
    for (const watching of this.#watchings) await watching.resume(this.#api);
  }

  #scope(): Scope {
    const kind = this.#choices.of(KINDS);
    const selector = this.#choices.of(SELECTORS);
    if (this.#choices.chance(0.4)) return { kind, selector };
    return { kind, namespace: this.#choices.of(NAMESPACES), selector };
  }

  /** Nothing that the reference knows of was there before. */
  get #first(): number {
    return (this.#reference.log[0]?.revision ?? this.#reference.revision + 1) - 1;
  }
}
