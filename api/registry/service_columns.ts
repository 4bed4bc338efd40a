import type { Service, ServicePort } from "../types/core_v1.ts";
import { labelsText, orNone, text, wideText } from "./column_types.ts";
import type { Column } from "./kind.ts";

export const SERVICE_COLUMNS: readonly Column<Service>[] = [
  text("Type", "How the service is reached.", ({ spec }) => spec.type ?? "ClusterIP"),
  text("Cluster-IP", "Virtual IP; None where there is none.", ({ spec }) => {
    return orNone(spec.clusterIPs?.[0] ?? spec.clusterIP);
  }),
  text("External-IP", "Where it is reached from outside.", externalIpOf),
  text("Port(s)", "Port, port on every node, protocol.", ({ spec }) => {
    return orNone((spec.ports ?? []).map(portText).join(","));
  }),
  wideText("Selector", "Labels of the pods behind it.", ({ spec }) => labelsText(spec.selector)),
];

function externalIpOf({ spec, status }: Service): string {
  if (spec.type === "ExternalName") return spec.externalName ?? "";
  const external = spec.externalIPs ?? [];
  if (spec.type !== "LoadBalancer") return orNone(external.join(","));
  const balancers = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) =>
    ip || hostname || []
  );
  const all = [...new Set(balancers), ...external];
  return all.length === 0 ? "<pending>" : all.join(",");
}

function portText({ port, nodePort, protocol = "TCP" }: ServicePort): string {
  return nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`;
}
