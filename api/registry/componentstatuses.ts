import { ComponentStatus } from "../types/core_v1.ts";
import type { Resource } from "../types/resources.ts";
import { text } from "./column_types.ts";
import { NAME } from "./columns.ts";
import type { ResourceKind } from "./kind.ts";

const COMPONENT_STATUSES: Resource<ComponentStatus> = {
  apiVersion: "v1",
  kind: "ComponentStatus",
  resource: "componentstatuses",
  isNamespaced: false,
};

/** Read only, and nothing is in it: components say how they are through `/healthz` and leases. */
export const componentStatuses: ResourceKind<ComponentStatus> = {
  resource: COMPONENT_STATUSES,
  schema: ComponentStatus,
  singular: "componentstatus",
  shortNames: ["cs"],
  withoutVerbs: ["create", "delete", "deletecollection", "patch", "update", "watch"],
  hasStatus: false,
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
};
