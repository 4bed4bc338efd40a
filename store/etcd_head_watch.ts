import type { Clock } from "../api/types/ambient.ts";
import type { EtcdClient } from "./etcd_client.ts";
import { textOf } from "./etcd_layout.ts";
import type { Revision } from "./ledger.ts";

/** A watch that reports nothing is not believed for longer. */
const FOLLOW_CHECK_MS = 30_000;

/** Between one watch and the next. */
const FOLLOW_RETRY_FIRST_MS = 50;
const FOLLOW_RETRY_MAX_MS = 2_000;

export interface HeadWatchParts {
  readonly client: EtcdClient;
  /** Where the head is written. */
  readonly key: string;
  readonly clock: Clock;
}

/**
 * Every head that is written until the signal aborts, the newest where several were; Infinity where one may have been
 * missed. A watch that breaks is begun again.
 */
export async function* watchHeads(
  parts: HeadWatchParts,
  signal: AbortSignal,
): AsyncIterable<Revision> {
  const wakes = new Wakes();
  const ending = new AbortController();
  const end = () => ending.abort();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const watching = report(parts, wakes, ending.signal);
  try {
    while (!ending.signal.aborted) {
      const head = await wakes.next();
      if (ending.signal.aborted) return;
      yield head;
    }
  } finally {
    signal.removeEventListener("abort", end);
    end();
    await watching;
  }
}

async function report(
  { client, key, clock }: HeadWatchParts,
  wakes: Wakes,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = FOLLOW_RETRY_FIRST_MS;
  signal.addEventListener("abort", () => wakes.report(Infinity), { once: true });
  if (signal.aborted) wakes.report(Infinity);
  while (!signal.aborted) {
    let cancelCheck = checkLater(clock, wakes);
    for await (const { isCreated, puts } of client.watch(key, signal)) {
      cancelCheck();
      cancelCheck = checkLater(clock, wakes);
      pauseMs = FOLLOW_RETRY_FIRST_MS;
      if (isCreated) wakes.report(Infinity);
      for (const { value } of puts) wakes.report(Number(textOf(value)));
    }
    cancelCheck();
    await clock.sleep(pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, FOLLOW_RETRY_MAX_MS);
  }
}

/** A read that fails leaves its connection, and the watch ends with it. */
function checkLater(clock: Clock, wakes: Wakes): () => void {
  let cancel = () => {};
  const check = () => {
    wakes.report(Infinity);
    cancel = clock.after(FOLLOW_CHECK_MS, check);
  };
  cancel = clock.after(FOLLOW_CHECK_MS, check);
  return () => cancel();
}

/** The newest head that was reported and not taken yet. */
class Wakes {
  #head = 0;
  #wake = Promise.withResolvers<void>();

  /** @param head Infinity where there may be something, and nobody knows what */
  report(head: Revision): void {
    this.#head = Math.max(this.#head, head);
    this.#wake.resolve();
  }

  async next(): Promise<Revision> {
    await this.#wake.promise;
    this.#wake = Promise.withResolvers();
    const head = this.#head;
    this.#head = 0;
    return head;
  }
}
