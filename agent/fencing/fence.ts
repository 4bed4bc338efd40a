import type { Clock, Log } from "../../api/types/ambient.ts";
import { LEASE_SECONDS_MIN } from "../../api/types/node_lease.ts";
import { fenceGraceSeconds, fenceTime, mayBeGivenAway } from "./fence_times.ts";
import type { FencedPod } from "./fenced_pod.ts";

export interface FenceOptions {
  /** Whatever may have to end here. */
  readonly pods: () => readonly FencedPod[];
  /** Stops the pod within its grace period, or, without one, lets it run again. */
  readonly hold: (podUid: string, graceSeconds: number | undefined) => void;
  readonly boundNow: () => Promise<Bound>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the API has bound to this node at one moment. */
export interface Bound {
  readonly uids: ReadonlySet<string>;
  readonly revision: number;
}

/**
 * Stops pods of a node that has lost the API before the API gives them to another node, so that no pod runs twice.
 * A pod that tolerates the silence for ever, as those of files and of DaemonSets do, runs on.
 */
export class Fence {
  readonly #with: FenceOptions;
  /** By uid: at which revision the pod came, 0 for those that were here. */
  readonly #held = new Map<string, number>();
  readonly #begunAt: number;
  #heardAt: number | undefined;
  /** For how long others wait after that. */
  #leaseMs = LEASE_SECONDS_MIN * 1000;
  #disarm: () => void = () => {};
  #releasing: Promise<void> | undefined;
  /** The silence was so long that a watch may bring pods which others run by now. */
  #isBehind = false;
  #bound: Bound = { uids: new Set(), revision: 0 };

  constructor(options: FenceOptions) {
    this.#with = options;
    this.#begunAt = options.clock.now();
  }

  /** The agent before this one was heard at `heardAt`. */
  resume(heardAt: number, leaseMs: number): void {
    if (this.#heardAt !== undefined) return;
    // a clock that was set back must not put it off
    this.#heardAt = Math.min(heardAt, this.#begunAt);
    this.#leaseMs = leaseMs;
    this.#arm();
  }

  /** The API has taken a renewal of the lease that was sent at `sentAt`, which holds for `leaseMs`. */
  heard(sentAt: number, leaseMs: number): void {
    this.#isBehind ||= this.#wasSilentTo(sentAt);
    this.#heardAt = sentAt;
    this.#leaseMs = leaseMs;
    this.#arm();
    if (this.#held.size === 0 && !this.#isBehind) return;
    this.#releasing ??= this.#release().finally(() => this.#releasing = undefined);
  }

  /**
   * A lease of the shortest length was sent at `sentAt`: it may hold, whether the API answers or not.
   * @returns whether that ends sooner than the one that was heard of
   */
  shortens(sentAt: number): boolean {
    const leaseMs = LEASE_SECONDS_MIN * 1000;
    const isSooner = this.#heardAt !== undefined &&
      sentAt + leaseMs < this.#heardAt + this.#leaseMs;
    if (!isSooner) return false;
    this.#heardAt = sentAt;
    this.#leaseMs = leaseMs;
    this.#arm();
    return true;
  }

  /**
   * A watch that goes on where it was cut off tells of what was bound here meanwhile, and only then that it has gone
   * again: such a pod must not start.
   * @param revision of the pod as it came
   */
  came({ uid, toleratedSeconds }: FencedPod, revision: number): void {
    if (toleratedSeconds === Infinity) return;
    this.#isBehind ||= this.#wasSilentTo(this.#with.clock.now());
    if (!this.#isBehind && this.#isHere(uid, revision)) return;
    this.#held.set(uid, revision);
    this.#with.hold(uid, 0);
  }

  /** What the API said of that moment, or of one before the pod came. */
  #isHere(uid: string, revision: number): boolean {
    return revision > this.#bound.revision || this.#bound.uids.has(uid);
  }

  #wasSilentTo(at: number): boolean {
    return this.#heardAt !== undefined && mayBeGivenAway(at - this.#heardAt, this.#leaseMs);
  }

  /** Pods are others, or one tolerates something else: it may be the next one. */
  podsChanged(): void {
    if (this.#heardAt !== undefined) this.#arm();
  }

  stop(): void {
    this.#disarm();
  }

  #arm(): void {
    this.#disarm();
    const { clock } = this.#with;
    const next = Math.min(...this.#waiting().map(({ startAt }) => startAt));
    if (next === Infinity) return;
    this.#disarm = clock.after(Math.max(0, next - clock.now()), () => this.#fire());
  }

  #waiting() {
    const { pods } = this.#with;
    const [heardAt, begunAt, leaseMs] = [this.#heardAt, this.#begunAt, this.#leaseMs];
    if (heardAt === undefined) return [];
    return pods()
      .filter(({ uid }) => !this.#held.has(uid))
      .map((pod) => ({ pod, ...fenceTime(pod, { heardAt, begunAt, leaseMs }) }));
  }

  #fire(): void {
    const { clock, hold, log } = this.#with;
    const now = clock.now();
    for (const { pod, startAt, deadline } of this.#waiting()) {
      if (startAt > now) continue;
      this.#held.set(pod.uid, 0);
      log("The API is away: this pod may soon run elsewhere, so it stops here", { pod: pod.name });
      hold(pod.uid, fenceGraceSeconds(pod, deadline, now));
    }
    this.#arm();
  }

  /** What the watch has delivered may be old: only what the API has bound here now runs again. */
  async #release(): Promise<void> {
    const { boundNow, hold, log } = this.#with;
    try {
      this.#bound = await boundNow();
      this.#isBehind = false;
      for (const [uid, revision] of [...this.#held]) {
        this.#held.delete(uid);
        if (this.#isHere(uid, revision)) hold(uid, undefined);
      }
      this.#arm();
    } catch (error) {
      // the next renewal tries again
      log("Cannot ask which pods this node still has", { error: String(error) });
    }
  }
}
