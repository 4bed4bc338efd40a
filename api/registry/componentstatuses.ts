import { ComponentStatus } from "../types/core_v1.ts";
import type { Resource } from "../types/resources.ts";
import { text } from "./column_types.ts";
import { NAME } from "./columns.ts";
import type { ResourceKind } from "./kind.ts";
import { reportedBy } from "./reported_store.ts";

const COMPONENT_STATUSES: Resource<ComponentStatus> = {
  apiVersion: "v1",
  kind: "ComponentStatus",
  resource: "componentstatuses",
  isNamespaced: false,
};

/** The parts of a control plane by name: each says why it is not well, or undefined. */
export type Components = Readonly<Record<string, () => string | undefined>>;

/** Read only: how the components are at the moment of the question. */
export const componentStatuses = (components: Components): ResourceKind<ComponentStatus> => ({
  resource: COMPONENT_STATUSES,
  schema: ComponentStatus,
  singular: "componentstatus",
  shortNames: ["cs"],
  withoutVerbs: ["create", "delete", "deletecollection", "patch", "update", "watch"],
  hasStatus: false,
  storedThrough: reportedBy(
    COMPONENT_STATUSES,
    () => Object.entries(components).map(([name, check]) => statusOf(name, check())),
  ),
  deprecation: "v1 ComponentStatus is deprecated in v1.19+",
  validate: () => [],
  hasWholeTable: true,
  columns: [
    NAME,
    text("Status", "Whether the component is well.", ({ conditions = [] }) => {
      const healthy = conditions.find(({ type }) => type === "Healthy");
      if (healthy === undefined) return "Unknown";
      return healthy.status === "True" ? "Healthy" : "Unhealthy";
    }),
    text(
      "Message",
      "What the component says.",
      ({ conditions = [] }) => conditions[0]?.message ?? "",
    ),
    text("Error", "What is wrong.", ({ conditions = [] }) => conditions[0]?.error ?? ""),
  ],
});

function statusOf(name: string, error: string | undefined): ComponentStatus {
  const { apiVersion, kind } = COMPONENT_STATUSES;
  const condition = error === undefined
    ? { type: "Healthy", status: "True", message: "ok" } as const
    : { type: "Healthy", status: "False", message: error } as const;
  return { apiVersion, kind, metadata: { name }, conditions: [condition] };
}
