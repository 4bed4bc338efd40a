import type { Clock } from "../api/types/ambient.ts";
import type { Container, Pod, Probe } from "../api/types/core_v1.ts";
import type { ObservedPods } from "./observed_pods.ts";
import type { RecordPodEvent } from "./sync_tools.ts";
import { type RuntimeContainer, SANDBOX } from "./runtime.ts";

/**
 * A container that has just started is asked for its readiness after 100 ms, 200 ms and so on up to the
 * probe's period, so that a pod serves as soon as it can and not a period later.
 */
const EAGER_MS_MIN = 100;

/** What probes say of running containers, by id. */
export interface ProbeResults {
  isReady(containerId: string, container: string, pod: Readonly<Pod>): boolean;
  isStarted(containerId: string, container: string, pod: Readonly<Pod>): boolean;
  isUnhealthy(containerId: string): boolean;
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
}

const KINDS = ["startup", "liveness", "readiness"] as const;
type Kind = typeof KINDS[number];

interface Running {
  readonly podUid: string;
  readonly containerId: string;
  readonly kind: Kind;
  readonly stop: AbortController;
  verdict: boolean;
}

export interface ProbesOptions {
  readonly prober: Prober;
  readonly observed: ObservedPods;
  readonly clock: Clock;
  readonly record: RecordPodEvent;
  /** A verdict on a container of this pod has changed. */
  readonly onChange: (podUid: string) => void;
}

/** One loop for each probe of each running container, with the thresholds of Kubernetes. */
export class Probes implements ProbeResults {
  readonly #with: ProbesOptions;
  readonly #running = new Map<string, Running>();

  constructor(options: ProbesOptions) {
    this.#with = options;
  }

  isReady(containerId: string, container: string, pod: Readonly<Pod>): boolean {
    const spec = containerNamed(pod, container);
    if (!this.isStarted(containerId, container, pod)) return false;
    if (spec?.readinessProbe === undefined) return true;
    return this.#running.get(keyOf(containerId, "readiness"))?.verdict ??
      wasReady(pod, containerId);
  }

  isStarted(containerId: string, container: string, pod: Readonly<Pod>): boolean {
    if (containerNamed(pod, container)?.startupProbe === undefined) return true;
    return this.#running.get(keyOf(containerId, "startup"))?.verdict ?? false;
  }

  isUnhealthy(containerId: string): boolean {
    return this.#running.get(keyOf(containerId, "liveness"))?.verdict === false;
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
      const spec = containerNamed(pod, container.name);
      for (const kind of KINDS) {
        const probe = spec?.[`${kind}Probe`];
        if (spec !== undefined && probe !== undefined) {
          this.#begin({ pod, container, spec, kind, probe, ip });
        }
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

  #begin(target: Target): void {
    const { container: { id: containerId }, kind, pod } = target;
    const key = keyOf(containerId, kind);
    if (this.#running.has(key)) return;
    const { uid: podUid = "" } = pod.metadata;
    // before its first answer: healthy, not started, and as ready as the API knows it from before
    const verdict = kind === "liveness" || (kind === "readiness" && wasReady(pod, containerId));
    const running = { podUid, containerId, kind, stop: new AbortController(), verdict };
    this.#running.set(key, running);
    void this.#loop(target, running);
  }

  async #loop(target: Target, running: Running): Promise<void> {
    const { clock, onChange, record } = this.#with;
    const { probe, kind, container, pod } = target;
    const { periodSeconds = 10, failureThreshold = 3, successThreshold = 1 } = probe;
    const firstAt = container.startedAt + (probe.initialDelaySeconds ?? 0) * 1000;
    let waitMs = Math.max(0, firstAt - clock.now());
    let eagerMs = EAGER_MS_MIN;
    let [successes, failures] = [0, 0];
    const { signal } = running.stop;
    for (;;) {
      await clock.sleep(waitMs, signal);
      if (signal.aborted) return;
      const isEager = kind === "readiness" && !running.verdict && eagerMs < periodSeconds * 1000;
      waitMs = isEager ? eagerMs : periodSeconds * 1000;
      eagerMs *= 2;
      if (kind !== "startup" && !this.isStarted(container.id, container.name, pod)) continue;
      const { isSuccess, output } = await this.#ask(target);
      if (signal.aborted) return;
      [successes, failures] = isSuccess ? [successes + 1, 0] : [0, failures + 1];
      if (!isSuccess && !isEager) {
        const name = `${kind[0]?.toUpperCase()}${kind.slice(1)}`;
        record(pod, "Warning", "Unhealthy", `${name} probe failed: ${output}`);
      }
      const verdict = successes >= successThreshold
        ? true
        : failures >= failureThreshold
        ? false
        : running.verdict;
      const hasChanged = verdict !== running.verdict || (kind === "startup" && verdict);
      running.verdict = verdict;
      // a startup probe that fails for good is a liveness probe that failed
      const isStartupOver = kind === "startup" && (verdict || failures >= failureThreshold);
      if (isStartupOver && !verdict) this.#condemn(running);
      if (hasChanged || isStartupOver) onChange(running.podUid);
      if (isStartupOver) return;
    }
  }

  #condemn({ podUid, containerId }: Running): void {
    const key = keyOf(containerId, "liveness");
    const liveness = this.#running.get(key) ??
      {
        podUid,
        containerId,
        kind: "liveness" as const,
        stop: new AbortController(),
        verdict: false,
      };
    liveness.verdict = false;
    this.#running.set(key, liveness);
  }

  async #ask({ probe, container, spec, ip }: Target): Promise<ProbeOutcome> {
    const { prober } = this.#with;
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
    try {
      if (probe.exec !== undefined) {
        return await prober.exec(container.id, probe.exec.command ?? [], timeoutMs);
      }
      if (probe.httpGet !== undefined) {
        const { host = ip, path = "/", port, scheme = "HTTP", httpHeaders = [] } = probe.httpGet;
        const address = host.includes(":") ? `[${host}]` : host;
        const slash = path.startsWith("/") ? "" : "/";
        const url = `${scheme.toLowerCase()}://${address}:${portOf(spec, port)}${slash}${path}`;
        return await prober.httpGet(url, httpHeaders, timeoutMs);
      }
      if (probe.tcpSocket !== undefined) {
        const { host = ip, port } = probe.tcpSocket;
        return await prober.connect(host, portOf(spec, port), timeoutMs);
      }
      return { isSuccess: true, output: "" };
    } catch (error) {
      return { isSuccess: false, output: error instanceof Error ? error.message : String(error) };
    }
  }
}

interface Target {
  readonly pod: Readonly<Pod>;
  readonly container: RuntimeContainer;
  readonly spec: Container;
  readonly kind: Kind;
  readonly probe: Probe;
  readonly ip: string;
}

/** @throws {Error} for a name that none of the container's ports has */
function portOf({ ports = [] }: Container, port: number | string): number {
  if (typeof port === "number") return port;
  const found = ports.find(({ name }) => name === port)?.containerPort ?? Number(port);
  if (Number.isInteger(found)) return found;
  throw new Error(`couldn't find port: ${port}`);
}

function containerNamed({ spec }: Readonly<Pod>, name: string): Container | undefined {
  return [...spec.containers, ...spec.initContainers ?? []].find((one) => one.name === name);
}

/** What the API knows from before the agent started keeps a ready pod in service until it is asked again. */
function wasReady({ status }: Readonly<Pod>, containerId: string): boolean {
  const known = status?.containerStatuses?.find(({ containerID }) =>
    containerID === `docker://${containerId}`
  );
  return known?.ready ?? false;
}

const keyOf = (containerId: string, kind: Kind) => `${containerId}/${kind}`;
