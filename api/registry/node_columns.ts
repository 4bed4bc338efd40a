import type { Node } from "../types/core_v1.ts";
import { orNone, text, wideText } from "./column_types.ts";
import { AGE, NAME } from "./columns.ts";
import type { Column } from "./kind.ts";

const ROLE_PREFIX = "node-role.kubernetes.io/";
const ROLE_LABEL = "kubernetes.io/role";

/** The whole table: the version stands after the age. */
export const NODE_COLUMNS: readonly Column<Node>[] = [
  NAME as Column<Node>,
  text("Status", "Whether the node takes pods.", statusOf),
  text("Roles", "What its labels say that it is for.", rolesOf),
  AGE as Column<Node>,
  text("Version", "Version of the agent.", ({ status }) => status?.nodeInfo?.kubeletVersion ?? ""),
  wideText("Internal-IP", "Address inside the cluster.", (node) => addressOf(node, "InternalIP")),
  wideText("External-IP", "Address outside of it.", (node) => addressOf(node, "ExternalIP")),
  wideText("OS-Image", "Operating system.", ({ status }) => orUnknown(status?.nodeInfo?.osImage)),
  wideText(
    "Kernel-Version",
    "Kernel.",
    ({ status }) => orUnknown(status?.nodeInfo?.kernelVersion),
  ),
  wideText(
    "Container-Runtime",
    "What runs the containers, with its version.",
    ({ status }) => orUnknown(status?.nodeInfo?.containerRuntimeVersion),
  ),
];

function statusOf({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const state = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return spec.unschedulable ? `${state},SchedulingDisabled` : state;
}

function rolesOf({ metadata: { labels = {} } }: Node): string {
  const roles = Object.entries(labels).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return [key.slice(ROLE_PREFIX.length)];
    return key === ROLE_LABEL ? [value] : [];
  });
  return orNone([...new Set(roles.filter((role) => role !== ""))].sort().join(","));
}

function addressOf({ status }: Node, type: string): string {
  return orNone(status?.addresses?.find((address) => address.type === type)?.address);
}

function orUnknown(value: string | undefined): string {
  return value ? value : "<unknown>";
}
