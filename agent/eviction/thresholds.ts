import { parseQuantity, toNumber } from "../../api/types/quantity.ts";
import { type Observation, type Observations, type Signal, SIGNALS } from "./signals.ts";

/** An amount, or a share of the capacity. */
export type Amount = { readonly is: "quantity"; readonly text: string } | {
  readonly is: "share";
  readonly share: number;
};

/** Below this the node is under pressure. */
export interface Threshold {
  readonly signal: Signal;
  readonly amount: Amount;
  /** How long it must be so before a pod is evicted; 0 for a hard threshold. */
  readonly graceMs: number;
  /** Once it was so, it is so until there is this much more. */
  readonly reclaim: Amount | undefined;
}

/** Source: kubelet, the defaults on Linux. */
export const EVICTION_HARD_DEFAULT =
  "memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%," +
  "imagefs.inodesFree<5%";

/** Flags of the kubelet of these names. */
export interface ThresholdFlags {
  readonly hard: string;
  readonly soft: string;
  readonly softGracePeriod: string;
  readonly minimumReclaim: string;
}

/** @throws {RangeError} that names the flag, what is wrong and what would be right */
export function thresholdsOf(flags: ThresholdFlags): Threshold[] {
  const reclaims = pairsIn("eviction-minimum-reclaim", flags.minimumReclaim, "=");
  const graces = pairsIn("eviction-soft-grace-period", flags.softGracePeriod, "=");
  const make = (flag: string, [signal, value]: readonly [Signal, string], graceMs: number) => {
    const reclaim = reclaims.get(signal);
    return {
      signal,
      amount: amountIn(flag, value),
      graceMs,
      reclaim: reclaim === undefined ? undefined : amountIn("eviction-minimum-reclaim", reclaim),
    };
  };
  const hard = [...pairsIn("eviction-hard", flags.hard, "<")].map((pair) =>
    make("eviction-hard", pair, 0)
  );
  const soft = [...pairsIn("eviction-soft", flags.soft, "<")].map((pair) => {
    const grace = graces.get(pair[0]);
    if (grace !== undefined) return make("eviction-soft", pair, durationMs(grace));
    throw new RangeError(
      `--eviction-soft: ${pair[0]} needs a grace period: add it to --eviction-soft-grace-period`,
    );
  });
  return [...hard, ...soft];
}

function pairsIn(flag: string, text: string, between: "<" | "="): Map<Signal, string> {
  const pairs = new Map<Signal, string>();
  for (const part of text.split(",").map((one) => one.trim()).filter((one) => one !== "")) {
    const [name = "", value] = part.split(between);
    if (!(SIGNALS as readonly string[]).includes(name) || value === undefined || value === "") {
      const rule = `must be SIGNAL${between}VALUE, with a signal of ${SIGNALS.join(", ")}`;
      throw new RangeError(`--${flag} ${JSON.stringify(part)}: ${rule}`);
    }
    pairs.set(name as Signal, value);
  }
  return pairs;
}

function amountIn(flag: string, text: string): Amount {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  if (percent !== undefined && Number(percent) <= 100) {
    return { is: "share", share: Number(percent) / 100 };
  }
  if (percent === undefined && parseQuantity(text) !== undefined && !text.startsWith("-")) {
    return { is: "quantity", text };
  }
  const rule = "must be an amount such as 100Mi, or a share such as 10%";
  throw new RangeError(`--${flag} ${JSON.stringify(text)}: ${rule}`);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration as flags of Kubernetes have it: `1m30s`. @throws {RangeError} */
export function durationMs(text: string): number {
  const isWhole = /^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text) || text === "0";
  if (!isWhole) {
    throw new RangeError(`${JSON.stringify(text)}: must be a duration such as 1m30s`);
  }
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (UNITS[unit] ?? 0), 0);
}

/** In the unit of the signal. */
export function valueOf(amount: Amount, capacity: number): number {
  return amount.is === "quantity" ? toNumber(amount.text) : Math.floor(amount.share * capacity);
}

/** Thresholds that are crossed; those that were stay so until what is to be reclaimed is there as well. */
export function crossed(
  thresholds: readonly Threshold[],
  observations: Observations,
  before: ReadonlySet<Threshold> = new Set(),
): Threshold[] {
  return thresholds.filter((threshold) => {
    const seen = observations.get(threshold.signal);
    // a file system that does not count inodes has none to run out of
    return seen !== undefined && seen.capacity > 0 &&
      seen.available < limitOf(threshold, seen, before.has(threshold));
  });
}

function limitOf({ amount, reclaim }: Threshold, { capacity }: Observation, wasCrossed: boolean) {
  const value = valueOf(amount, capacity);
  return wasCrossed && reclaim !== undefined ? value + valueOf(reclaim, capacity) : value;
}
