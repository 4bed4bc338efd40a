import type { ContainerStatus, Pod } from "../api/types/core_v1.ts";
import { StatusError } from "../api/types/status.ts";

/**
 * Id of the container whose log is meant: the newest that has run, or the one before it.
 * @throws {StatusError} BadRequest when there is none. Source: kubelet, validateContainerLogStatus
 */
export function logTarget(pod: Readonly<Pod>, container: string, isPrevious: boolean): string {
  const { state = {}, lastState = {} } = statusOf(pod, container);
  const last = lastState.terminated?.containerID;
  const place = `container ${JSON.stringify(container)} in pod ${
    JSON.stringify(pod.metadata.name)
  }`;
  if (isPrevious) {
    if (last !== undefined) return bareId(last);
    throw new StatusError("BadRequest", `previous terminated ${place} not found`);
  }
  const current = state.running !== undefined
    ? statusOf(pod, container).containerID
    : state.terminated?.containerID;
  if (current !== undefined) return bareId(current);
  if (last !== undefined) return bareId(last);
  throw new StatusError("BadRequest", `${place} is waiting to start${whyOf(state)}`);
}

function whyOf({ waiting }: NonNullable<ContainerStatus["state"]>): string {
  if (waiting?.reason === undefined) return " - no logs yet";
  if (waiting.reason === "ErrImagePull") return ": image can't be pulled";
  if (waiting.reason === "ImagePullBackOff") return ": trying and failing to pull image";
  return `: ${waiting.reason}`;
}

/** Id of the running container that a command is to run in. @throws {StatusError} NotFound */
export function execTarget(pod: Readonly<Pod>, container: string): string {
  const { state = {}, containerID } = statusOf(pod, container);
  if (state.running !== undefined && containerID !== undefined) return bareId(containerID);
  throw new StatusError("NotFound", `container not found (${JSON.stringify(container)})`);
}

function statusOf({ metadata, status = {} }: Readonly<Pod>, container: string): ContainerStatus {
  const found = [
    ...status.containerStatuses ?? [],
    ...status.initContainerStatuses ?? [],
    ...status.ephemeralContainerStatuses ?? [],
  ]
    .find(({ name }) => name === container);
  if (found !== undefined) return found;
  const place = `${JSON.stringify(container)} in pod ${JSON.stringify(metadata.name)}`;
  throw new StatusError("BadRequest", `container ${place} is not available`);
}

/** Without the name of the runtime. */
const bareId = (id: string) => id.replace(/^[a-z]+:\/\//, "");
