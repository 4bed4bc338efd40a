import type { Container, EphemeralContainer, Pod } from "../api/types/core_v1.ts";

/**
 * What a container is in its pod: an init container runs to its end before the next; a sidecar is an init
 * container that goes on; an ephemeral one was added for looking into the pod, and is never started again.
 */
export type ContainerRole = "app" | "init" | "sidecar" | "ephemeral";

export interface PodContainer {
  readonly container: Container;
  readonly role: ContainerRole;
}

export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === "Always";
}

export function initRoleOf(container: Container): ContainerRole {
  return isSidecar(container) ? "sidecar" : "init";
}

/** Every container that the spec names, init containers first, in its order. */
export function containersOf({ spec }: Readonly<Pod>): PodContainer[] {
  return [
    ...(spec.initContainers ?? []).map((one) => ({ container: one, role: initRoleOf(one) })),
    ...spec.containers.map((container) => ({ container, role: "app" as const })),
    ...(spec.ephemeralContainers ?? []).map((one) => ({
      container: asContainer(one),
      role: "ephemeral" as const,
    })),
  ];
}

export function containerNamed(pod: Readonly<Pod>, name: string): PodContainer | undefined {
  return containersOf(pod).find(({ container }) => container.name === name);
}

/** Ephemeral containers have the fields of others; that they never restart is their role and not a policy. */
export function asContainer(
  { targetContainerName: _target, restartPolicy: _policy, ...container }: EphemeralContainer,
): Container {
  return container;
}

/** The container whose processes an ephemeral one is to see. */
export function targetOf({ spec }: Readonly<Pod>, name: string): string | undefined {
  const found = spec.ephemeralContainers?.find((one) => one.name === name);
  return found?.targetContainerName || undefined;
}
