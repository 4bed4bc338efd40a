import type { Clock } from "../../api/types/ambient.ts";
import { type RuntimeContainer, SANDBOX } from "../runtime.ts";
import type { CgroupUsage, InterfaceUsage, Meters, NodeUsage } from "./usage.ts";

/** Source: metrics-server, its resolution. */
export const SAMPLE_EVERY_MS = 15_000;
/** Rates are not taken over less: the kernel's counters are too coarse for it. */
const WINDOW_MIN_MS = 5_000;

/** CPU use over the time that ends with the sample. */
export interface Rate {
  readonly nanoCores: number;
  readonly windowSeconds: number;
}

export interface ContainerSample {
  readonly container: RuntimeContainer;
  readonly usage: CgroupUsage;
  readonly rate: Rate;
}

export interface PodSample {
  readonly uid: string;
  readonly interfaces: readonly InterfaceUsage[];
  /** Without the sandbox. */
  readonly containers: readonly ContainerSample[];
  readonly sandbox: ContainerSample | undefined;
}

/** Everything that was in use at one moment. */
export interface Sample {
  readonly at: number;
  readonly node: NodeUsage;
  readonly nodeRate: Rate;
  readonly pods: ReadonlyMap<string, PodSample>;
}

interface Counter {
  readonly at: number;
  readonly cpuNanoseconds: number;
}

export interface SamplerOptions {
  readonly meters: Meters;
  /** Everything that the engine has on this node. */
  readonly containers: () => readonly RuntimeContainer[];
  readonly clock: Clock;
}

/** Measures the node and its pods from time to time, so that use of CPU can be told as a rate whenever somebody asks. */
export class Sampler {
  readonly #with: SamplerOptions;
  #last: Sample | undefined;
  #sampling: Promise<Sample> | undefined;
  /** By container; "" is the node. What the next rate counts from. */
  #counters = new Map<string, Counter>();

  constructor(options: SamplerOptions) {
    this.#with = options;
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#with;
    while (!signal.aborted) {
      await this.sample();
      await clock.sleep(SAMPLE_EVERY_MS, signal);
    }
  }

  /** The newest figures; those of the last moment serve again. */
  async sample(): Promise<Sample> {
    const last = this.#last;
    if (last !== undefined && this.#with.clock.now() < last.at + WINDOW_MIN_MS) return last;
    this.#sampling ??= this.#measure().finally(() => this.#sampling = undefined);
    return await this.#sampling;
  }

  async #measure(): Promise<Sample> {
    const { meters, containers, clock } = this.#with;
    const node = await meters.node();
    const at = clock.now();
    const before = this.#counters;
    this.#counters = new Map([["", { at, cpuNanoseconds: node.cpuNanoseconds }]]);
    const samples = containers().filter(({ state }) => state === "running")
      .map((container) => this.#sampleOf(container, before, at))
      .filter((one) => one !== undefined);
    const sample = {
      at,
      node,
      nodeRate: rateOf(before.get(""), at, node.cpuNanoseconds),
      pods: this.#byPod(samples),
    };
    return this.#last = sample;
  }

  /** A container that began after the last sample has used nothing before its start. */
  #sampleOf(
    container: RuntimeContainer,
    before: ReadonlyMap<string, Counter>,
    at: number,
  ): ContainerSample | undefined {
    const usage = this.#with.meters.cgroup(container.pid);
    if (usage === undefined) return undefined;
    const { cpuNanoseconds } = usage;
    this.#counters.set(container.id, { at, cpuNanoseconds });
    const from = before.get(container.id) ?? { at: container.startedAt, cpuNanoseconds: 0 };
    return { container, usage, rate: rateOf(from, at, cpuNanoseconds) };
  }

  #byPod(samples: readonly ContainerSample[]): Map<string, PodSample> {
    const groups = Map.groupBy(samples, ({ container }) => container.pod.uid);
    const pods = [...groups].map(([uid, all]): [string, PodSample] => {
      const sandbox = all.find(({ container }) => container.name === SANDBOX);
      const pid = sandbox?.container.pid;
      const interfaces = pid === undefined ? [] : this.#with.meters.interfaces(pid);
      return [uid, { uid, interfaces, sandbox, containers: all.filter((one) => one !== sandbox) }];
    });
    return new Map(pods);
  }
}

/** Counters that went back belong to something that began anew. */
function rateOf(from: Counter | undefined, at: number, cpuNanoseconds: number): Rate {
  if (from === undefined || at <= from.at || cpuNanoseconds < from.cpuNanoseconds) {
    return { nanoCores: 0, windowSeconds: 0 };
  }
  const windowSeconds = (at - from.at) / 1000;
  const nanoCores = Math.round((cpuNanoseconds - from.cpuNanoseconds) / windowSeconds);
  return { nanoCores, windowSeconds };
}
