import { isDeepStrictEqual } from "node:util";
import type { Clock, Log } from "../api/types/ambient.ts";
import type { Pod, PodStatus } from "../api/types/core_v1.ts";
import { PODS } from "../api/types/resources.ts";
import { hasReason } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";
import { isOver } from "./pod_phase.ts";

const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 30_000;

interface Slot {
  /** The newest version of the pod that is known here: read, or answered to a write. */
  base: Readonly<Pod>;
  wanted: PodStatus;
  /** What was written last, and what the server made of it. */
  written: { status: PodStatus; answer: PodStatus | undefined } | undefined;
  writing: Promise<void> | undefined;
}

export interface StatusWriterOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Writes the statuses of pods, one write at a time for each pod, and only what differs from what the API has.
 * What comes while a write is under way replaces what waits. It tries until the pod is gone.
 */
export class StatusWriter {
  readonly #with: StatusWriterOptions;
  readonly #slots = new Map<string, Slot>();

  constructor(options: StatusWriterOptions) {
    this.#with = options;
  }

  /** The pod with the status that will be written, or was; the next status is computed from it. */
  latest(pod: Readonly<Pod>): Readonly<Pod> {
    const slot = this.#slots.get(pod.metadata.uid ?? "");
    if (slot === undefined) return pod;
    learn(slot, pod);
    // whoever has called the pod ended is right: no pod comes back from there
    const phase = slot.base.status?.phase;
    if (isOver(phase) && slot.wanted.phase !== phase) return slot.base;
    return { ...pod, status: this.#merged(slot) };
  }

  /** Conditions of others may have come meanwhile. */
  #merged({ base, wanted }: Slot): PodStatus {
    const own = wanted.conditions ?? [];
    const others =
      base.status?.conditions?.filter(({ type }) => !own.some((one) => one.type === type)) ?? [];
    return others.length === 0 ? wanted : { ...wanted, conditions: [...own, ...others] };
  }

  /** Has it written, soon. @returns a promise that resolves when the API has it, or the pod is gone */
  write(pod: Readonly<Pod>, wanted: PodStatus): Promise<void> {
    const { uid = "" } = pod.metadata;
    const slot = this.#slots.get(uid) ??
      { base: pod, wanted, written: undefined, writing: undefined };
    this.#slots.set(uid, slot);
    learn(slot, pod);
    slot.wanted = wanted;
    slot.writing ??= this.#writeAll(slot).finally(() => slot.writing = undefined);
    return slot.writing;
  }

  /** Resolves when nothing waits to be written any more. */
  async flushed(): Promise<void> {
    await Promise.all([...this.#slots.values()].map(({ writing }) => writing));
  }

  forget(podUid: string): void {
    this.#slots.delete(podUid);
  }

  async #writeAll(slot: Slot): Promise<void> {
    const { clock, signal } = this.#with;
    let retryMs = 0;
    const isCurrent = () => this.#slots.get(slot.base.metadata.uid ?? "") === slot;
    while (!signal.aborted && isCurrent() && needsWrite(slot)) {
      const outcome = await this.#writeOnce(slot);
      if (outcome === "gone") return;
      if (outcome === "written") {
        retryMs = 0;
        continue;
      }
      if (retryMs > 0) await clock.sleep(retryMs, signal);
      retryMs = Math.min(Math.max(2 * retryMs, RETRY_FIRST_MS), RETRY_MAX_MS);
    }
  }

  async #writeOnce(slot: Slot): Promise<"written" | "gone" | "retry"> {
    const { api, log } = this.#with;
    const { namespace = "", name, uid } = slot.base.metadata;
    const status = slot.wanted;
    try {
      const sent = { ...slot.base, status: this.#merged(slot) };
      const answer = await api.updateStatus(PODS, sent);
      slot.written = { status, answer: answer.status };
      learn(slot, answer);
      return "written";
    } catch (error) {
      if (hasReason(error, "NotFound")) return "gone";
      if (!hasReason(error, "Conflict")) {
        log(`Cannot write status of pods/${namespace}/${name}`, { error: String(error) });
        return "retry";
      }
      const found = await api.get(PODS, namespace, name).catch(() => undefined);
      if (found === undefined) return "retry";
      if (found.metadata.uid !== uid) return "gone";
      learn(slot, found);
      return "retry";
    }
  }
}

/** An answer may come after the watch has told what others made of it. */
function learn(slot: Slot, pod: Readonly<Pod>): void {
  if (revisionOf(pod) > revisionOf(slot.base)) slot.base = pod;
}

function needsWrite({ base, wanted, written }: Slot): boolean {
  if (written === undefined) return !isDeepStrictEqual(base.status, wanted);
  return !isDeepStrictEqual(wanted, written.status) ||
    !isDeepStrictEqual(base.status, written.answer);
}

const revisionOf = ({ metadata }: Readonly<Pod>) => Number(metadata.resourceVersion ?? 0);
