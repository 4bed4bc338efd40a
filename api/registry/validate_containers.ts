import type { Container, PodSpec } from "../types/core_v1.ts";
import { forbidden, invalid, required } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { validateDnsLabel, validateRange, validateUnique } from "./field_rules.ts";
import { validateContainerPorts, validateHostPorts } from "./validate_container_ports.ts";
import { validateEnv } from "./validate_env.ts";
import { validateLifecycle, validateProbes } from "./validate_probes.ts";
import { validateResources } from "./validate_resources.ts";
import { validateVolumeMounts } from "./validate_volume_mounts.ts";

const ID_RANGE = [0, 2147483647] as const;

/** A container with its path, such as `spec.initContainers[0]`. */
export type Placed = readonly [path: string, container: Container];

/** Names are unique over init containers and the others. */
export function validateContainers(field: string, spec: PodSpec): FieldError[] {
  const { containers = [], initContainers = [], volumes = [], hostNetwork = false } = spec;
  const main = containers.map((one, i): Placed => [`${field}.containers[${i}]`, one]);
  const init = initContainers.map((one, i): Placed => [`${field}.initContainers[${i}]`, one]);
  const volumeNames = new Set(volumes.map(({ name }) => name));
  const sidecars = init.filter(([, { restartPolicy }]) => restartPolicy === "Always");
  return [
    ...[...main, ...init].flatMap((placed) => validateContainer(placed, volumeNames)),
    ...main.flatMap(validateMain),
    ...init.flatMap(validateInit),
    ...validateUnique([...main, ...init].map(([at, { name }]) => [`${at}.name`, name])),
    ...validateHostPorts([...main, ...sidecars], hostNetwork),
  ];
}

function validateContainer(
  [at, container]: Placed,
  volumeNames: ReadonlySet<string>,
): FieldError[] {
  const { name, image, ports = [], resources, volumeMounts = [] } = container;
  return [
    ...(name ? validateDnsLabel(`${at}.name`, name) : []),
    ...validateImage(`${at}.image`, image),
    ...validateContainerPorts(`${at}.ports`, ports),
    ...validateEnv(at, container),
    ...validateVolumeMounts(
      `${at}.volumeMounts`,
      volumeMounts,
      volumeNames,
      container.securityContext?.privileged ?? false,
    ),
    ...validateProbes(at, container),
    ...validateLifecycle(`${at}.lifecycle`, container.lifecycle),
    ...(resources === undefined ? [] : validateResources(`${at}.resources`, resources)),
    ...validateSecurity(`${at}.securityContext`, container.securityContext),
  ];
}

function validateImage(field: string, image: string | undefined): FieldError[] {
  if (!image) return [required(field)];
  if (image === image.trim()) return [];
  return [invalid(field, image, "must not have leading or trailing whitespace")];
}

function validateMain([at, { restartPolicy }]: Placed): FieldError[] {
  if (restartPolicy === undefined) return [];
  return [forbidden(`${at}.restartPolicy`, "may not be set for non-init containers")];
}

/** What ends before the others start has no probes and no hooks. */
const RUNNING_ONLY = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const;

function validateInit([at, container]: Placed): FieldError[] {
  if (container.restartPolicy === "Always") return [];
  const why = "may not be set for init containers without restartPolicy=Always";
  return RUNNING_ONLY.flatMap((name) =>
    container[name] === undefined ? [] : [forbidden(`${at}.${name}`, why)]
  );
}

function validateSecurity(field: string, context: Container["securityContext"]): FieldError[] {
  if (context === undefined) return [];
  const { runAsUser, runAsGroup, privileged, allowPrivilegeEscalation } = context;
  const errors = [
    ...validateRange(`${field}.runAsUser`, runAsUser, ID_RANGE),
    ...validateRange(`${field}.runAsGroup`, runAsGroup, ID_RANGE),
  ];
  if (privileged && allowPrivilegeEscalation === false) {
    const why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
    errors.push(invalid(field, context, why));
  }
  return errors;
}
