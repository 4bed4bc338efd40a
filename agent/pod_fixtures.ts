import type { Container, Pod, PodSpec } from "../api/types/core_v1.ts";
import { type RuntimeContainer, SANDBOX } from "./runtime.ts";
import { specHashOf } from "./container_attempts.ts";

/** The time at which everything in the tests begins. */
export const T0 = Date.UTC(2026, 0, 1);

export function podWith(spec: Partial<PodSpec>, change: Partial<Pod> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default", uid: "u1" },
    spec: { containers: [containerSpec("a")], ...spec },
    ...change,
  };
}

export function containerSpec(name: string, change: Partial<Container> = {}): Container {
  return { name, image: `${name}:1`, ...change };
}

/** A running container of `web`, unless told otherwise. */
export function containerAt(change: Partial<RuntimeContainer> = {}): RuntimeContainer {
  const { name = "a", attempt = 0 } = change;
  return {
    id: `${name}-${attempt}`,
    pod: { uid: "u1", namespace: "default", name: "web" },
    name,
    attempt,
    isInit: false,
    sandboxId: name === SANDBOX ? "" : `${SANDBOX}-0`,
    specHash: name === SANDBOX ? "" : specHashOf(containerSpec(name)),
    backOffSeconds: 0,
    graceSeconds: 30,
    state: "running",
    pid: 100,
    exitCode: 0,
    isOomKilled: false,
    error: "",
    createdAt: T0,
    startedAt: T0,
    finishedAt: 0,
    image: `${name}:1`,
    imageId: "sha256:i",
    isTty: false,
    ...change,
  };
}

export const sandboxAt = (change: Partial<RuntimeContainer> = {}) =>
  containerAt({ name: SANDBOX, ...change });

/** A container that ended a second after its start. */
export function deadAt(
  exitCode: number,
  change: Partial<RuntimeContainer> = {},
): RuntimeContainer {
  return containerAt({ state: "exited", pid: 0, exitCode, finishedAt: T0 + 1000, ...change });
}
