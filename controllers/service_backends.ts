/** What a pod is to a service that selects it. */
import type { EndpointPort, Pod, Service, ServicePort } from "../api/types/core_v1.ts";

/** Whether DNS knows the pod by its host name, below the service's. */
export function isNamedBy({ metadata }: Readonly<Service>, { spec }: Readonly<Pod>): boolean {
  return spec.hostname !== undefined && spec.hostname !== "" && spec.subdomain === metadata.name;
}

/** The ports of the service that the pod has, sorted; undefined where it is no backend, having none of them. */
export function portsOn(
  { spec }: Readonly<Service>,
  pod: Readonly<Pod>,
): EndpointPort[] | undefined {
  const wanted = spec.ports ?? [];
  const ports = wanted.flatMap((port) => portOn(pod, port));
  if (wanted.length > 0 && ports.length === 0) return undefined;
  if (wanted.length === 0 && spec.clusterIP !== "None") return undefined;
  return ports.sort(byName);
}

/** [] when the service names a port that the pod has not. */
function portOn(pod: Readonly<Pod>, wanted: ServicePort): EndpointPort[] {
  const { name, appProtocol, protocol = "TCP", targetPort = wanted.port } = wanted;
  const port = typeof targetPort === "number"
    ? targetPort || wanted.port
    : portNamed(pod, targetPort, protocol);
  if (port === undefined) return [];
  return [{
    ...(name ? { name } : {}),
    port,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }];
}

function portNamed({ spec }: Readonly<Pod>, wanted: string, wantedProtocol: string) {
  if (/^\d+$/.test(wanted)) return Number(wanted);
  const sidecars = (spec.initContainers ?? []).filter((c) => c.restartPolicy === "Always");
  for (const { ports = [] } of [...spec.containers, ...sidecars]) {
    const found = ports.find(({ name, protocol = "TCP" }) =>
      name === wanted && protocol === wantedProtocol
    );
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

function byName(a: EndpointPort, b: EndpointPort): number {
  const text = ({ name = "", protocol = "TCP", port }: EndpointPort) =>
    `${name}/${protocol}/${port}`;
  return text(a) < text(b) ? -1 : 1;
}
