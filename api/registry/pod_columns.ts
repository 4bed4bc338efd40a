import type { Pod } from "../types/core_v1.ts";
import { orNone, text, wideText } from "./column_types.ts";
import { ageAt } from "./human_duration.ts";
import type { Column } from "./kind.ts";
import { summaryOf } from "./pod_summary.ts";

export const POD_COLUMNS: readonly Column<Pod>[] = [
  text("Ready", "Containers that are ready, of all that should run.", (pod) => {
    const { ready, total } = summaryOf(pod);
    return `${ready}/${total}`;
  }),
  text("Status", "Phase, or what keeps the pod from it.", (pod) => summaryOf(pod).status),
  text("Restarts", "Restarts of all containers, and when the last one was.", (pod, now) => {
    const { restarts, lastRestart } = summaryOf(pod);
    return restarts === 0 || lastRestart === ""
      ? String(restarts)
      : `${restarts} (${ageAt(now, lastRestart)} ago)`;
  }),
  wideText("IP", "Address of the pod.", ({ status }) => {
    return orNone(status?.podIPs?.[0]?.ip ?? status?.podIP);
  }),
  wideText("Node", "Node that the pod is bound to.", ({ spec }) => orNone(spec.nodeName)),
  wideText(
    "Nominated Node",
    "Node that is being cleared for the pod.",
    ({ status }) => orNone(status?.nominatedNodeName),
  ),
  wideText("Readiness Gates", "Extra conditions that are true, of all that are asked.", gatesOf),
];

function gatesOf({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const conditions = status?.conditions ?? [];
  const open = gates.filter(({ conditionType }) =>
    conditions.find(({ type }) => type === conditionType)?.status === "True"
  );
  return `${open.length}/${gates.length}`;
}
