import type { Container, HTTPGetAction } from "../api/types/core_v1.ts";

/** @throws {Error} for a name that none of the container's ports has */
export function portOf({ ports = [] }: Container, port: number | string): number {
  if (typeof port === "number") return port;
  const found = ports.find(({ name }) => name === port)?.containerPort ?? Number(port);
  if (Number.isInteger(found)) return found;
  throw new Error(`couldn't find port: ${port}`);
}

/** @throws {Error} for a port that the container does not name */
export function httpUrl(action: HTTPGetAction, spec: Container, ip: string): string {
  const { host, path = "/", port, scheme = "HTTP" } = action;
  const target = host || ip;
  const address = target.includes(":") ? `[${target}]` : target;
  const slash = path.startsWith("/") ? "" : "/";
  return `${scheme.toLowerCase()}://${address}:${portOf(spec, port)}${slash}${path}`;
}
