import type { DockerRuntime } from "../agent/docker_runtime.ts";
import { containerWith, sandboxWith } from "../agent/runtime_fixtures.ts";

/** Milliseconds that the engine takes for each step of a pod, with nobody else in between. */
export interface Stages {
  "create the sandbox": number;
  "start the sandbox": number;
  "create the container": number;
  "start the container": number;
  /** As the agent does it: the container is created while the sandbox starts. */
  "whole pod": number;
  /** In a sandbox that runs already. */
  "pod in a ready sandbox": number;
}

/** Makes two pods, one from nothing and one in the sandbox of the first, and takes both away. */
export async function timeStages(runtime: DockerRuntime, nth: number): Promise<Stages> {
  const pod = { uid: `stages-${nth}`, namespace: "default", name: `stages-${nth}` };
  const ofPod = { pod, graceSeconds: 0, image: "busybox:1.35", args: ["sleep", "3600"] };
  const times: number[] = [];
  const began = performance.now();
  const step = async <T>(work: Promise<T>): Promise<T> => {
    const from = performance.now();
    const result = await work;
    times.push(performance.now() - from);
    return result;
  };
  const sandboxId = await step(runtime.createSandbox(sandboxWith({ pod, graceSeconds: 0 })));
  const [, containerId] = await Promise.all([
    step(runtime.start(sandboxId)),
    step(runtime.createContainer(containerWith({ ...ofPod, sandboxId }))),
  ]);
  await step(runtime.start(containerId));
  const whole = performance.now() - began;
  const from = performance.now();
  const second = await runtime.createContainer(containerWith({ ...ofPod, name: "b", sandboxId }));
  await runtime.start(second);
  const inReady = performance.now() - from;
  for (const id of [second, containerId, sandboxId]) await runtime.remove(id);
  const [createSandbox = 0, second1 = 0, second2 = 0, start = 0] = times;
  return {
    "create the sandbox": createSandbox,
    "start the sandbox": Math.max(second1, second2),
    "create the container": Math.min(second1, second2),
    "start the container": start,
    "whole pod": whole,
    "pod in a ready sandbox": inReady,
  };
}
