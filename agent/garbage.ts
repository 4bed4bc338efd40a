import { type RuntimeContainer, SANDBOX } from "./runtime.ts";

/** What is kept of containers that have ended. */
export interface GarbageSettings {
  /** A dead container stays at least so long. */
  readonly minAgeMs: number;
  /** Dead ones besides the newest of each container; the sync of its pod holds to it as well. */
  readonly perContainerMax: number;
  /** Of all pods of the node together; Infinity: no bound but the one above. */
  readonly max: number;
}

/**
 * Source: kubelet, maximum-dead-containers-per-container and maximum-dead-containers; the age is that of the first
 * releases, so that there is time to look.
 */
export const GARBAGE_DEFAULTS: GarbageSettings = {
  minAgeMs: 60_000,
  perContainerMax: 1,
  max: Infinity,
};

/**
 * Ids of dead containers that go: of pods that the API has no more first, then what is beyond the limit of each
 * container, then the oldest of all. The newest of each container stays longest; none goes before its time.
 */
export function planGarbage(
  containers: readonly RuntimeContainer[],
  livePodUids: ReadonlySet<string>,
  now: number,
  { minAgeMs, perContainerMax, max }: GarbageSettings = GARBAGE_DEFAULTS,
): string[] {
  const dead = containers.filter((one) =>
    one.state !== "running" && one.name !== SANDBOX && now - endOf(one) >= minAgeMs
  ).sort((a, b) => endOf(b) - endOf(a));
  const forgotten = dead.filter(({ pod }) => !livePodUids.has(pod.uid));
  const rank = new Map<string, number>();
  const ranked = dead.filter(({ pod }) => livePodUids.has(pod.uid)).map((container) => {
    const key = `${container.pod.uid}/${container.name}`;
    const nth = (rank.get(key) ?? 0) + 1;
    rank.set(key, nth);
    return { container, nth };
  });
  const surplus = ranked.filter(({ nth }) => nth > 1 + perContainerMax);
  const kept = ranked.filter(({ nth }) => nth <= 1 + perContainerMax);
  // of each container the newest, then the second newest: what comes last in this order goes first
  const beyond = [...kept].sort((a, b) => a.nth - b.nth).slice(max);
  return [...forgotten, ...surplus.map((one) => one.container), ...beyond.map((o) => o.container)]
    .map(({ id }) => id);
}

const endOf = ({ finishedAt, createdAt }: RuntimeContainer) => finishedAt || createdAt;
