import type { ContainerPort } from "../types/core_v1.ts";
import { invalid } from "../types/field_errors.ts";
import { validatePortName, validatePortNumber } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor, validatePort, validateUnique } from "./field_rules.ts";
import { validateIp } from "./ip_addresses.ts";
import type { Placed } from "./validate_containers.ts";

export function validateContainerPorts(
  field: string,
  ports: readonly ContainerPort[],
): FieldError[] {
  const own = ports.flatMap(({ name, containerPort, hostPort, hostIP }, i) => {
    const at = `${field}[${i}]`;
    return [
      ...(name ? invalidFor(`${at}.name`, name, validatePortName(name)) : []),
      ...validatePort(`${at}.containerPort`, containerPort),
      ...(hostPort ? invalidFor(`${at}.hostPort`, hostPort, validatePortNumber(hostPort)) : []),
      ...(hostIP ? invalidFor(`${at}.hostIP`, hostIP, validateIp(hostIP)) : []),
    ];
  });
  return [...own, ...validateUnique(ports.map(({ name }, i) => [`${field}[${i}].name`, name]))];
}

/**
 * No two containers of a pod may take one port of the node, and on its network they have no other ports. A
 * template may leave them out: its pods get them.
 */
export function validateHostPorts(
  containers: readonly Placed[],
  isOnHost: boolean,
): FieldError[] {
  const ports = containers.flatMap(([at, container]) =>
    (container.ports ?? []).map((port, i) => [`${at}.ports[${i}]`, port] as const)
  );
  const moved = ports.flatMap(([at, { containerPort, hostPort }]) =>
    isOnHost && hostPort && hostPort !== containerPort
      ? [
        invalid(
          `${at}.containerPort`,
          containerPort,
          "must match `hostPort` when `hostNetwork` is true",
        ),
      ]
      : []
  );
  const taken = ports.map(([at, { hostPort, hostIP = "", protocol = "TCP" }]) =>
    [`${at}.hostPort`, hostPort ? `${protocol}/${hostIP}/${hostPort}` : undefined] as const
  );
  return [...moved, ...validateUnique(taken)];
}
