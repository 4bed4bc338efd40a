import type { Container } from "../api/types/core_v1.ts";
import { latestOf } from "./container_attempts.ts";
import { decide, type Decision } from "./container_decisions.ts";
import { asContainer, initRoleOf, isSidecar } from "./container_roles.ts";
import { shouldRestart } from "./restart_policy.ts";
import type { RuntimeContainer } from "./runtime.ts";
import type { Observed } from "./sync.ts";

/**
 * Init containers one after another, each to its success, sidecars until they have started; then all app
 * containers at once. Sidecars whose turn has been are kept running whatever comes after them.
 */
export function decideContainers(
  observed: Observed,
  sandbox: RuntimeContainer | undefined,
): Decision[] {
  const { pod } = observed;
  const isOver = sandbox === undefined && !needsAnyContainer(observed);
  if (isOver) return [];
  return [
    ...decideInit(observed, sandbox),
    ...isInitialized(observed, sandbox)
      ? pod.spec.containers.map((one) => decide(observed, one, { sandbox, role: "app" }))
      : [],
    ...sandbox === undefined
      ? []
      : (pod.spec.ephemeralContainers ?? []).map((one) =>
        decide(observed, asContainer(one), { sandbox, role: "ephemeral" })
      ),
  ];
}

function decideInit(observed: Observed, sandbox: RuntimeContainer | undefined): Decision[] {
  const init = observed.pod.spec.initContainers ?? [];
  const decisions: Decision[] = [];
  for (const [i, container] of init.entries()) {
    const hasPassed = hasBegun(observed, sandbox, init.slice(i + 1));
    const isDone = hasPassed || isPassable(observed, sandbox, container);
    if (isSidecar(container) || !isDone) {
      decisions.push(decide(observed, container, { sandbox, role: initRoleOf(container) }));
    }
    if (!isDone) break;
  }
  return decisions;
}

function isInitialized(observed: Observed, sandbox: RuntimeContainer | undefined): boolean {
  const init = observed.pod.spec.initContainers ?? [];
  return hasBegun(observed, sandbox, []) ||
    init.every((container, i) =>
      hasBegun(observed, sandbox, init.slice(i + 1)) || isPassable(observed, sandbox, container)
    );
}

/** Whether any of these, or an app container, has been made in this sandbox: what is before them is behind. */
function hasBegun(
  { pod, containers }: Observed,
  sandbox: RuntimeContainer | undefined,
  later: readonly Container[],
): boolean {
  const names = new Set([...pod.spec.containers, ...later].map(({ name }) => name));
  return sandbox !== undefined &&
    containers.some((one) => one.sandboxId === sandbox.id && names.has(one.name));
}

/** An init container has succeeded, a sidecar has started: the next one may begin. */
function isPassable(
  { containers, started }: Observed,
  sandbox: RuntimeContainer | undefined,
  container: Container,
): boolean {
  const latest = latestOf(containers, container.name);
  if (latest === undefined || latest.sandboxId !== sandbox?.id) return false;
  if (isSidecar(container)) return latest.state === "running" && started.has(latest.id);
  return latest.state === "exited" && latest.exitCode === 0;
}

/** False for a pod whose containers have all ended for good: it gets no new sandbox. */
function needsAnyContainer({ pod, containers }: Observed): boolean {
  return pod.spec.containers.some((container) => {
    const latest = latestOf(containers, container.name);
    return latest === undefined || latest.state !== "exited" || shouldRestart(pod, latest);
  });
}
