// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import {
  CLUSTER_LABEL,
  CONTAINER_LABEL,
  type DockerSettings,
  ownerIn,
  sandboxOf,
  STAND_IN_LABEL,
} from "./docker_containers.ts";
import { type IdleSandbox, SANDBOX } from "./runtime.ts";

/** As every pod's whose sandbox has no settings of its own. */
const PLAIN = {
  isHostNetwork: false,
  isHostPid: false,
  isHostIpc: false,
  isPidShared: false,
  sysctls: {},
};

/** A sandbox that is nobody's: its labels say what it is, and once it is a pod's its name says whose. */
export function idleOptions(
  standIn: string,
  settings: DockerSettings,
): Docker.ContainerCreateOptions {
  return {
    name: `k8s_${standIn}`,
    ...sandboxOf({ ...PLAIN, hostname: standIn }, settings),
    Labels: {
      [CLUSTER_LABEL]: settings.cluster,
      [CONTAINER_LABEL]: SANDBOX,
      [STAND_IN_LABEL]: standIn,
    },
  };
}

/** @returns undefined for one that a pod has claimed */
export function idleFromList(
  { Id: id, Names, Labels, State }: Docker.ContainerInfo,
): (IdleSandbox & { readonly isRunning: boolean }) | undefined {
  const standIn = Labels[STAND_IN_LABEL];
  if (standIn === undefined || Names.some((name) => ownerIn(name) !== undefined)) return undefined;
  return { id, standIn, isRunning: State === "running" };
}

/** @param attributes labels of the container of an event, and its name. @returns "" for one that is nobody's */
export function podUidIn(attributes: Readonly<Record<string, string>>): string {
  return attributes["io.kubernetes.pod.uid"] ?? ownerIn(attributes.name ?? "")?.pod.uid ?? "";
}
