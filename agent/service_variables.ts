import type { Service } from "../api/types/core_v1.ts";

/** The API itself, which every pod may find in its environment. Source: kubelet, masterServices. */
const MASTER_NAMESPACE = "default";
const MASTER_SERVICE = "kubernetes";

/**
 * Variables that name the services of the pod's namespace and the API's own, in the form of Docker links.
 * Headless services get none. Source: kubelet, envvars.FromServices.
 */
export function serviceVariables(
  services: readonly Service[],
  namespace: string,
  hasServiceLinks: boolean,
): [string, string][] {
  const byName = new Map<string, Service>();
  for (const service of services) {
    const { name, namespace: home } = service.metadata;
    const { clusterIP } = service.spec;
    if (clusterIP === undefined || clusterIP === "" || clusterIP === "None") continue;
    const isMaster = home === MASTER_NAMESPACE && name === MASTER_SERVICE;
    if (home === namespace && hasServiceLinks) byName.set(name, service);
    else if (isMaster && !byName.has(name)) byName.set(name, service);
  }
  return [...byName.values()].flatMap(variablesOf);
}

function variablesOf({ metadata, spec: { clusterIP = "", ports = [] } }: Service) {
  const prefix = variableName(metadata.name);
  const first = ports[0];
  const variables: [string, string][] = [[`${prefix}_SERVICE_HOST`, clusterIP]];
  if (first === undefined) return variables;
  variables.push([`${prefix}_SERVICE_PORT`, String(first.port)]);
  for (const { name, port } of ports) {
    if (name) variables.push([`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port)]);
  }
  ports.forEach(({ port, protocol = "TCP" }, i) => {
    const link = `${prefix}_PORT_${port}_${protocol}`;
    const url = `${protocol.toLowerCase()}://${hostPort(clusterIP, port)}`;
    if (i === 0) variables.push([`${prefix}_PORT`, url]);
    variables.push(
      [link, url],
      [`${link}_PROTO`, protocol.toLowerCase()],
      [`${link}_PORT`, String(port)],
      [`${link}_ADDR`, clusterIP],
    );
  });
  return variables;
}

const variableName = (name: string) => name.toUpperCase().replaceAll("-", "_");

const hostPort = (ip: string, port: number) =>
  ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
