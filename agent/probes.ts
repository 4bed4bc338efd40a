import type { Clock, Random } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { containerNamed } from "./container_roles.ts";
import type { ObservedPods } from "./observed_pods.ts";
import { PROBE_KINDS, type ProbeKind, type ProbeTarget, runProbe } from "./probe_run.ts";
import { type RuntimeContainer, SANDBOX } from "./runtime.ts";
import type { FailedProbe } from "./sync.ts";
import type { RecordPodEvent } from "./sync_tools.ts";

/** What probes say of running containers, by id. */
export interface ProbeResults {
  isReady(containerId: string, container: string, pod: Readonly<Pod>): boolean;
  isStarted(containerId: string, container: string, pod: Readonly<Pod>): boolean;
  /** The probe for which the container must be restarted, if there is one. */
  failedProbe(containerId: string): FailedProbe | undefined;
  /** Probes the pod's running containers from now on, and no others. */
  follow(pod: Readonly<Pod>, ip: string | undefined): void;
  forget(podUid: string): void;
}

export interface ProbeOutcome {
  readonly isSuccess: boolean;
  /** What kubectl shows of a failure. */
  readonly output: string;
}

/** Asks one container once. Implementations: HostProber, and constants in tests. */
export interface Prober {
  exec(containerId: string, command: readonly string[], timeoutMs: number): Promise<ProbeOutcome>;
  httpGet(
    url: string,
    headers: readonly { name: string; value: string }[],
    timeoutMs: number,
  ): Promise<ProbeOutcome>;
  connect(host: string, port: number, timeoutMs: number): Promise<ProbeOutcome>;
  /** By the health protocol of gRPC; `service` "" asks for the server as a whole. */
  grpc(host: string, port: number, service: string, timeoutMs: number): Promise<ProbeOutcome>;
}

interface Running {
  readonly podUid: string;
  readonly containerId: string;
  readonly stop: AbortController;
  verdict: boolean;
  /** A startup probe that has succeeded or failed for good. */
  isFinal: boolean;
}

export interface ProbesOptions {
  readonly prober: Prober;
  readonly observed: ObservedPods;
  readonly clock: Clock;
  readonly random: Random;
  readonly record: RecordPodEvent;
  /** A verdict on a container of this pod has changed. */
  readonly onChange: (podUid: string) => void;
}

/** One loop for each probe of each running container, with the thresholds of Kubernetes. */
export class Probes implements ProbeResults {
  readonly #with: ProbesOptions;
  readonly #running = new Map<string, Running>();
  readonly #beganAt: number;

  constructor(options: ProbesOptions) {
    this.#with = options;
    this.#beganAt = options.clock.now();
  }

  isReady(containerId: string, container: string, pod: Readonly<Pod>): boolean {
    const spec = containerNamed(pod, container)?.container;
    if (!this.isStarted(containerId, container, pod)) return false;
    if (spec?.readinessProbe === undefined) return true;
    return this.#running.get(keyOf(containerId, "readiness"))?.verdict ??
      statusBefore(pod, containerId)?.ready ?? false;
  }

  isStarted(containerId: string, container: string, pod: Readonly<Pod>): boolean {
    if (containerNamed(pod, container)?.container.startupProbe === undefined) return true;
    return this.#running.get(keyOf(containerId, "startup"))?.verdict ??
      statusBefore(pod, containerId)?.started ?? false;
  }

  failedProbe(containerId: string): FailedProbe | undefined {
    const startup = this.#running.get(keyOf(containerId, "startup"));
    if (startup?.isFinal && !startup.verdict) return "startup";
    const liveness = this.#running.get(keyOf(containerId, "liveness"));
    return liveness?.verdict === false ? "liveness" : undefined;
  }

  follow(pod: Readonly<Pod>, ip: string | undefined): void {
    const { uid = "" } = pod.metadata;
    const alive = this.#with.observed.of(uid).filter(({ state, name }) =>
      state === "running" && name !== SANDBOX
    );
    const ids = new Set(alive.map(({ id }) => id));
    for (const [key, running] of this.#running) {
      if (running.podUid === uid && !ids.has(running.containerId)) this.#end(key, running);
    }
    if (ip === undefined) return;
    for (const container of alive) {
      const found = containerNamed(pod, container.name);
      if (found === undefined || found.role === "ephemeral") continue;
      for (const kind of PROBE_KINDS) {
        const probe = found.container[`${kind}Probe`];
        if (probe === undefined) continue;
        this.#begin({ pod, container, spec: found.container, kind, probe, ip });
      }
    }
  }

  forget(podUid: string): void {
    for (const [key, running] of this.#running) {
      if (running.podUid === podUid) this.#end(key, running);
    }
  }

  #end(key: string, { stop }: Running): void {
    stop.abort();
    this.#running.delete(key);
  }

  #begin(target: ProbeTarget): void {
    const { container: { id: containerId, name }, kind, pod } = target;
    const key = keyOf(containerId, kind);
    if (this.#running.has(key)) return;
    const { uid: podUid = "" } = pod.metadata;
    const before = statusBefore(pod, containerId);
    // before its first answer: healthy, and as started and ready as the API knows it from before
    const verdict = kind === "liveness" ||
      ((kind === "readiness" ? before?.ready : before?.started) ?? false);
    const stop = new AbortController();
    const running: Running = { podUid, containerId, stop, verdict, isFinal: false };
    this.#running.set(key, running);
    if (kind === "startup" && verdict) return;
    const { clock, prober, record, onChange } = this.#with;
    void runProbe(target, verdict, {
      prober,
      clock,
      spreadMs: this.#spreadMs(target),
      mayAsk: () => kind === "startup" || this.isStarted(containerId, name, pod),
      onFailure: (output) =>
        record(pod, "Warning", "Unhealthy", `${titled(kind)} probe failed: ${output}`),
      onError: (why) =>
        record(pod, "Warning", "Unhealthy", `${titled(kind)} probe errored: ${why}`),
      onVerdict: (now, isFinal) => {
        running.verdict = now;
        running.isFinal = isFinal;
        onChange(podUid);
      },
      signal: stop.signal,
    });
  }

  /** An agent that starts again finds all containers at once, and must not ask them all at once. */
  #spreadMs({ container, probe }: ProbeTarget): number {
    if (container.startedAt >= this.#beganAt) return 0;
    return this.#with.random() * (probe.periodSeconds ?? 10) * 1000;
  }
}

const titled = (kind: ProbeKind) => `${kind[0]?.toUpperCase()}${kind.slice(1)}`;

/** What the API knows from before the agent started keeps a ready pod in service until it is asked again. */
function statusBefore({ status = {} }: Readonly<Pod>, containerId: RuntimeContainer["id"]) {
  return [...status.containerStatuses ?? [], ...status.initContainerStatuses ?? []]
    .find(({ containerID }) => containerID === `docker://${containerId}`);
}

const keyOf = (containerId: string, kind: ProbeKind) => `${containerId}/${kind}`;
