import type { Pod } from "../../api/types/core_v1.ts";
import { toBytes } from "../../api/types/quantity.ts";
import { timeText } from "../status_sources.ts";
import type { ContainerSample, PodSample, Rate, Sample } from "./sampler.ts";
import type { CgroupUsage, FileSystemUsage, InterfaceUsage, MemoryUsage } from "./usage.ts";

export interface SummarySources {
  readonly nodeName: string;
  readonly sample: Sample;
  readonly pods: readonly Readonly<Pod>[];
  /** When the agent began. */
  readonly since: number;
  /** What schedulers and autoscalers need, and nothing else. */
  readonly isShort: boolean;
}

/** The kubelet's `/stats/summary`. Source: k8s.io/kubelet/pkg/apis/stats/v1alpha1. */
export function summaryOf(sources: SummarySources): object {
  const { nodeName, sample, pods, since, isShort } = sources;
  const { node, nodeRate } = sample;
  const time = timeText(sample.at);
  const figures = {
    cpu: cpuOf(node.cpuNanoseconds, nodeRate, time),
    memory: memoryOf(node.memory, time, node.memoryBytes),
  };
  const shown = pods.flatMap((pod) => {
    const one = sample.pods.get(pod.metadata.uid ?? "");
    return one === undefined ? [] : [podOf(pod, one, sources)];
  });
  if (isShort) {
    return { node: { nodeName, startTime: timeText(since), ...figures }, pods: shown };
  }
  const { running, max } = node.processes;
  return {
    node: {
      nodeName,
      startTime: timeText(since),
      ...figures,
      network: networkOf(node.interfaces, time),
      fs: fileSystemOf(node.nodeFs, time),
      runtime: { imageFs: fileSystemOf(node.imageFs, time) },
      rlimit: { time, maxpid: max, curproc: running },
    },
    pods: shown,
  };
}

function podOf(pod: Readonly<Pod>, sample: PodSample, sources: SummarySources): object {
  const { name, namespace = "", uid = "" } = pod.metadata;
  const time = timeText(sources.sample.at);
  const parts = [...sample.containers, ...sample.sandbox === undefined ? [] : [sample.sandbox]];
  const total = (part: (one: ContainerSample) => number) =>
    parts.reduce((sum, one) => sum + part(one), 0);
  const memory = (name: keyof MemoryUsage) => total(({ usage }) => usage.memory[name]);
  const rate: Rate = {
    nanoCores: total(({ rate }) => rate.nanoCores),
    windowSeconds: Math.max(0, ...parts.map(({ rate }) => rate.windowSeconds)),
  };
  const figures = {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime ?? time,
    containers: sample.containers.map((one) => containerOf(pod, one, sources)),
    cpu: cpuOf(total(({ usage }) => usage.cpuNanoseconds), rate, time),
    memory: memoryOf(
      {
        usage: memory("usage"),
        workingSet: memory("workingSet"),
        rss: memory("rss"),
        cache: memory("cache"),
        pageFaults: memory("pageFaults"),
        majorPageFaults: memory("majorPageFaults"),
      },
      time,
      undefined,
    ),
  };
  if (sources.isShort) return figures;
  return {
    ...figures,
    // a pod in the node's network has no counters of its own
    ...(pod.spec.hostNetwork ? {} : { network: networkOf(sample.interfaces, time) }),
    process_stats: { process_count: total(({ usage }) => usage.processes) },
  };
}

function containerOf(
  { spec }: Readonly<Pod>,
  { container, usage, rate }: ContainerSample,
  { sample }: SummarySources,
): object {
  const time = timeText(sample.at);
  const all = [...spec.containers, ...spec.initContainers ?? []];
  const limit = all.find(({ name }) => name === container.name)?.resources?.limits?.memory;
  const limitBytes = limit === undefined ? undefined : toBytes(limit);
  return {
    name: container.name,
    startTime: timeText(container.startedAt),
    ...figuresOf(usage, rate, time, limitBytes),
  };
}

function figuresOf(usage: CgroupUsage, rate: Rate, time: string, limitBytes: number | undefined) {
  return {
    cpu: cpuOf(usage.cpuNanoseconds, rate, time),
    memory: memoryOf(usage.memory, time, limitBytes),
  };
}

/** `windowSeconds` is our addition: it says over what time the rate is the average. */
function cpuOf(cpuNanoseconds: number, { nanoCores, windowSeconds }: Rate, time: string) {
  const rate = windowSeconds === 0 ? {} : { usageNanoCores: nanoCores, windowSeconds };
  return { time, ...rate, usageCoreNanoSeconds: cpuNanoseconds };
}

function memoryOf(memory: MemoryUsage, time: string, availableOf: number | undefined) {
  return {
    time,
    ...(availableOf === undefined
      ? {}
      : { availableBytes: Math.max(0, availableOf - memory.workingSet) }),
    usageBytes: memory.usage,
    workingSetBytes: memory.workingSet,
    rssBytes: memory.rss,
    pageFaults: memory.pageFaults,
    majorPageFaults: memory.majorPageFaults,
  };
}

function networkOf(interfaces: readonly InterfaceUsage[], time: string) {
  const shown = interfaces.map(({ name, rxBytes, rxErrors, txBytes, txErrors }) => ({
    name,
    rxBytes,
    rxErrors,
    txBytes,
    txErrors,
  }));
  return { time, ...shown[0], interfaces: shown };
}

function fileSystemOf(usage: FileSystemUsage, time: string) {
  const { capacityBytes, availableBytes, usedBytes, inodes, inodesFree } = usage;
  const inodesUsed = inodes - inodesFree;
  return { time, availableBytes, capacityBytes, usedBytes, inodesFree, inodes, inodesUsed };
}
