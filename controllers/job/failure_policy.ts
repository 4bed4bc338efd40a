import type { Job, PodFailurePolicyRule } from "../../api/types/batch_v1.ts";
import type { ContainerStatus, Pod } from "../../api/types/core_v1.ts";

/** The first rule that says something of how the pod failed. */
export function actionFor(
  { spec }: Readonly<Job>,
  pod: Readonly<Pod>,
): { action: PodFailurePolicyRule["action"]; message: string } | undefined {
  for (const [i, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) {
    const why = rule.onExitCodes === undefined ? onConditions(rule, pod) : onExitCodes(rule, pod);
    if (why === undefined) continue;
    const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
    const message = why.replace("POD", name);
    return {
      action: rule.action,
      message: `${message} matching ${rule.action} rule at index ${i}`,
    };
  }
  return undefined;
}

function onExitCodes(
  { onExitCodes }: PodFailurePolicyRule,
  pod: Readonly<Pod>,
): string | undefined {
  const { operator, values, containerName } = onExitCodes!;
  const statuses: readonly ContainerStatus[] = [
    ...pod.status?.containerStatuses ?? [],
    ...pod.status?.initContainerStatuses ?? [],
  ];
  for (const { name, state } of statuses) {
    const code = state?.terminated?.exitCode ?? 0;
    if (code === 0 || (containerName && containerName !== name)) continue;
    if (values.includes(code) !== (operator === "In")) continue;
    return `Container ${name} for pod POD failed with exit code ${code}`;
  }
  return undefined;
}

function onConditions(
  { onPodConditions = [] }: PodFailurePolicyRule,
  pod: Readonly<Pod>,
): string | undefined {
  const found = pod.status?.conditions?.find((condition) =>
    onPodConditions.some(({ type, status }) =>
      type === condition.type && (status ?? "True") === condition.status
    )
  );
  return found && `Pod POD has condition ${found.type}`;
}
