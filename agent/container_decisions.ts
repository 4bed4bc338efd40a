import type { Container, Pod } from "../api/types/core_v1.ts";
import { delayAfter, delayOfNext, durationText } from "./back_off.ts";
import { latestOf, specHashOf } from "./container_attempts.ts";
import type { ContainerRole } from "./container_roles.ts";
import { shouldRestart } from "./restart_policy.ts";
import type { RuntimeContainer } from "./runtime.ts";
import type { Observed, Start, Stop, Waiting } from "./sync.ts";

/** What should happen to one container. */
export interface Decision {
  readonly stop: readonly Stop[];
  readonly remove: readonly string[];
  readonly start: readonly Start[];
  readonly waiting: readonly [string, Waiting][];
  readonly wakeAt: readonly number[];
}
export const LEAVE: Decision = { stop: [], remove: [], start: [], waiting: [], wakeAt: [] };

/** The error of a start is shown this long, then the back-off that it led to. */
const ERROR_SHOWN_MS = 5_000;

export interface Place {
  readonly sandbox: RuntimeContainer | undefined;
  readonly role: ContainerRole;
}

export function decide(observed: Observed, container: Container, place: Place): Decision {
  const latest = latestOf(observed.containers, container.name);
  if (latest === undefined) return decideFirst(observed, container, place);
  if (latest.state === "running") return decideRunning(observed, container, { ...place, latest });
  // created and never started: the agent went away between the two
  if (latest.state === "created" && latest.error === "") {
    const { role } = place;
    const { attempt, backOffSeconds } = latest;
    const start = [{ container, attempt, backOffSeconds, role }];
    return unlessTooSoon(observed, { ...LEAVE, remove: [latest.id], start });
  }
  return decideDead(observed, container, { ...place, latest });
}

function decideFirst(observed: Observed, container: Container, { role }: Place): Decision {
  const before = statusesOf(observed.pod, role)?.find(({ name }) => name === container.name);
  // one for looking into the pod that has run is not begun again, though nothing is left of it
  if (role === "ephemeral" && before?.containerID !== undefined) return LEAVE;
  const attempt = before?.containerID === undefined ? 0 : before.restartCount + 1;
  const start = [{ container, attempt, role, backOffSeconds: 0 }];
  return unlessTooSoon(observed, { ...LEAVE, start });
}

function statusesOf({ status = {} }: Pod, role: ContainerRole) {
  if (role === "app") return status.containerStatuses;
  return role === "ephemeral" ? status.ephemeralContainerStatuses : status.initContainerStatuses;
}

type Placed = Place & { readonly latest: RuntimeContainer };

function decideRunning(observed: Observed, container: Container, placed: Placed): Decision {
  const { latest, role } = placed;
  const stop = stopOf(observed, container, placed);
  if (stop === undefined) return LEAVE;
  const isOver = role === "ephemeral" ||
    (role !== "sidecar" && stop.why !== "spec changed" &&
      observed.pod.spec.restartPolicy === "Never");
  const backOffSeconds = delayOfNext(latest);
  const start: Start = { container, attempt: latest.attempt + 1, role, backOffSeconds };
  return { ...LEAVE, stop: [stop], start: isOver ? [] : [start] };
}

function stopOf(
  observed: Observed,
  container: Container,
  { latest, sandbox, role }: Placed,
): Stop | undefined {
  const stop = { container: latest, order: 0 };
  if (latest.sandboxId !== sandbox?.id) return { ...stop, why: "sandbox changed" };
  if (role !== "ephemeral" && latest.specHash !== specHashOf(container)) {
    return { ...stop, why: "spec changed" };
  }
  const probe = observed.unhealthy.get(latest.id);
  return probe && { ...stop, why: "unhealthy", probe };
}

function decideDead(observed: Observed, container: Container, placed: Placed): Decision {
  const { pod, now } = observed;
  const { latest, role, sandbox } = placed;
  const isOfOldSandbox = (role === "init" || role === "sidecar") &&
    latest.sandboxId !== sandbox?.id;
  if (!isOfOldSandbox && !shouldRestart(pod, latest, role)) return LEAVE;
  const delaySeconds = isOfOldSandbox && latest.exitCode === 0 ? 0 : delayAfter(latest);
  const restartAt = endOf(latest) + delaySeconds * 1000;
  if (now < restartAt) {
    const shownUntil = endOf(latest) + ERROR_SHOWN_MS;
    const hasError = latest.error !== "" && now < shownUntil;
    const waiting: Waiting = hasError
      ? { reason: "RunContainerError", message: latest.error }
      : crashLoop(pod, container.name, delaySeconds);
    const wakeAt = [hasError ? Math.min(shownUntil, restartAt) : restartAt];
    return { ...LEAVE, waiting: [[container.name, waiting]], wakeAt };
  }
  const backOffSeconds = delayOfNext(latest);
  const start = [{ container, attempt: latest.attempt + 1, role, backOffSeconds }];
  return unlessTooSoon(observed, { ...LEAVE, start });
}

/** A container that could not be started has no end of its own. */
const endOf = ({ finishedAt, createdAt }: RuntimeContainer) => finishedAt || createdAt;

/** A start that failed for its image or configuration is tried again later, not at once. */
function unlessTooSoon(observed: Observed, decision: Decision): Decision {
  const name = decision.start[0]?.container.name ?? "";
  const retryAt = observed.retryAt.get(name) ?? 0;
  return observed.now < retryAt ? { ...LEAVE, wakeAt: [retryAt] } : decision;
}

function crashLoop(pod: Pod, name: string, delaySeconds: number): Waiting {
  const { namespace, name: podName, uid } = pod.metadata;
  const delay = durationText(delaySeconds);
  const message =
    `back-off ${delay} restarting failed container=${name} pod=${podName}_${namespace}(${uid})`;
  return { reason: "CrashLoopBackOff", message };
}
