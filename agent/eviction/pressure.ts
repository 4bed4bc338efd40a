import { MEANING, type Observations, type Pressure } from "./signals.ts";
import { crossed, type Threshold } from "./thresholds.ts";

/** What is remembered from one look at the node to the next. */
export interface PressureState {
  /** Thresholds that are crossed, and since when. */
  readonly since: ReadonlyMap<Threshold, number>;
  /** When each pressure was seen last. */
  readonly seenAt: ReadonlyMap<Pressure, number>;
}

export const CALM: PressureState = { since: new Map(), seenAt: new Map() };

export interface PressureVerdict {
  readonly state: PressureState;
  /** Conditions of the node: they stay for the transition period, so that they don't go up and down. */
  readonly conditions: readonly Pressure[];
  /** Crossed for longer than their grace period: something must go. Memory first. */
  readonly urgent: readonly Threshold[];
}

export interface PressureSources {
  readonly thresholds: readonly Threshold[];
  readonly observations: Observations;
  readonly before: PressureState;
  readonly transitionMs: number;
  readonly now: number;
}

/** Source: kubelet, eviction manager, synchronize. */
export function judgePressure(sources: PressureSources): PressureVerdict {
  const { thresholds, observations, before, transitionMs, now } = sources;
  const met = crossed(thresholds, observations, new Set(before.since.keys()));
  const since = new Map(met.map((one) => [one, before.since.get(one) ?? now]));
  const seenAt = new Map(before.seenAt);
  for (const { signal } of met) seenAt.set(MEANING[signal].pressure, now);
  const conditions = [...seenAt].filter(([, at]) => at === now || now - at < transitionMs)
    .map(([pressure]) => pressure);
  const urgent = met.filter((one) => now - (since.get(one) ?? now) >= one.graceMs);
  const memoryFirst = (one: Threshold) => one.signal === "memory.available" ? 0 : 1;
  urgent.sort((a, b) => memoryFirst(a) - memoryFirst(b));
  return { state: { since, seenAt }, conditions, urgent };
}
