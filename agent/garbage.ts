import { type RuntimeContainer, SANDBOX } from "./runtime.ts";

/** Source: Kubernetes, minimum-container-ttl-duration and maximum-dead-containers of the first releases. */
export const DEAD_AGE_MIN_MS = 60_000;
export const DEAD_PER_CONTAINER_MAX = 5;
export const DEAD_MAX = 100;

/**
 * Ids of dead containers that go: of pods that the API has no more first, then what is beyond the limit of each
 * container, then the oldest of all. The newest of each container stays longest; none goes in its first minute.
 */
export function planGarbage(
  containers: readonly RuntimeContainer[],
  livePodUids: ReadonlySet<string>,
  now: number,
): string[] {
  const dead = containers.filter((one) =>
    one.state !== "running" && one.name !== SANDBOX && now - endOf(one) >= DEAD_AGE_MIN_MS
  ).sort((a, b) => endOf(b) - endOf(a));
  const forgotten = dead.filter(({ pod }) => !livePodUids.has(pod.uid));
  const rank = new Map<string, number>();
  const ranked = dead.filter(({ pod }) => livePodUids.has(pod.uid)).map((container) => {
    const key = `${container.pod.uid}/${container.name}`;
    const nth = (rank.get(key) ?? 0) + 1;
    rank.set(key, nth);
    return { container, nth };
  });
  const surplus = ranked.filter(({ nth }) => nth > DEAD_PER_CONTAINER_MAX);
  const kept = ranked.filter(({ nth }) => nth <= DEAD_PER_CONTAINER_MAX);
  // of each container the newest, then the second newest: what comes last in this order goes first
  const beyond = [...kept].sort((a, b) => a.nth - b.nth).slice(DEAD_MAX);
  return [...forgotten, ...surplus.map((one) => one.container), ...beyond.map((o) => o.container)]
    .map(({ id }) => id);
}

const endOf = ({ finishedAt, createdAt }: RuntimeContainer) => finishedAt || createdAt;
