import { NODE_METRICS, NodeMetrics, POD_METRICS, PodMetrics } from "../types/metrics_v1beta1.ts";
import { addQuantities } from "../types/quantity.ts";
import { text } from "./column_types.ts";
import { NAME } from "./columns.ts";
import type { ResourceKind } from "./kind.ts";

/** Nothing is stored, so nothing can be written or watched. */
const UNSTORED = {
  isMeasured: true,
  withoutVerbs: ["create", "delete", "deletecollection", "patch", "update", "watch"],
  hasStatus: false,
  dependents: "none",
  hasWholeTable: true,
  validate: () => [],
} as const;

/** Source of the columns: metrics-server. */
export const nodeMetrics: ResourceKind<NodeMetrics> = {
  ...UNSTORED,
  resource: NODE_METRICS,
  schema: NodeMetrics,
  singular: "",
  columns: [
    NAME,
    text("cpu", "Cores in use.", ({ usage }) => usage.cpu ?? "0"),
    text("memory", "Memory in use.", ({ usage }) => usage.memory ?? "0"),
    text("Window", "Time over which CPU was measured.", ({ window }) => window),
  ],
};

export const podMetrics: ResourceKind<PodMetrics> = {
  ...UNSTORED,
  resource: POD_METRICS,
  schema: PodMetrics,
  singular: "",
  columns: [
    NAME,
    text("cpu", "Cores in use.", (pod) => totalOf(pod, "cpu")),
    text("memory", "Memory in use.", (pod) => totalOf(pod, "memory")),
    text("Window", "Time over which CPU was measured.", ({ window }) => window),
  ],
};

function totalOf({ containers }: PodMetrics, name: "cpu" | "memory"): string {
  return containers.reduce((sum, { usage }) => addQuantities(sum, usage[name] ?? "0"), "0");
}
