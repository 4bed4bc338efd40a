import type { Clock } from "../api/types/ambient.ts";
import type { Container, Pod, Probe } from "../api/types/core_v1.ts";
import { httpUrl, portOf } from "./probe_targets.ts";
import type { ProbeOutcome, Prober } from "./probes.ts";
import type { RuntimeContainer } from "./runtime.ts";

/**
 * A container that has just started is asked for its readiness after 100 ms, 200 ms and so on up to the
 * probe's period, so that a pod serves as soon as it can and not a period later.
 */
const EAGER_MS_MIN = 100;

export const PROBE_KINDS = ["startup", "liveness", "readiness"] as const;
export type ProbeKind = typeof PROBE_KINDS[number];

/** One probe of one running container. */
export interface ProbeTarget {
  readonly pod: Readonly<Pod>;
  readonly container: RuntimeContainer;
  readonly spec: Container;
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly ip: string;
}

export interface ProbeRunOptions {
  readonly prober: Prober;
  readonly clock: Clock;
  /** Before the first time, on top of the initial delay. */
  readonly spreadMs: number;
  /** False while another probe must succeed first. */
  readonly mayAsk: () => boolean;
  readonly onFailure: (output: string) => void;
  /** It could not be asked, which says nothing of the container. */
  readonly onError: (why: string) => void;
  /** The verdict has changed, or is final. */
  readonly onVerdict: (verdict: boolean, isFinal: boolean) => void;
  readonly signal: AbortSignal;
}

/**
 * Asks again and again, and gives its verdict once as many answers in a row say the same as the probe wants.
 * A startup probe ends with its verdict.
 */
export async function runProbe(
  target: ProbeTarget,
  verdictBefore: boolean,
  options: ProbeRunOptions,
): Promise<void> {
  const { clock, signal, mayAsk, onVerdict } = options;
  const { probe, kind, container } = target;
  const { periodSeconds = 10, failureThreshold = 3, successThreshold = 1 } = probe;
  const firstAt = container.startedAt + (probe.initialDelaySeconds ?? 0) * 1000;
  let waitMs = Math.max(0, firstAt - clock.now()) + options.spreadMs;
  let eagerMs = EAGER_MS_MIN;
  let verdict = verdictBefore;
  let [successes, failures] = [0, 0];
  for (;;) {
    await clock.sleep(waitMs, signal);
    if (signal.aborted) return;
    const isEager = kind === "readiness" && !verdict && eagerMs < periodSeconds * 1000;
    waitMs = isEager ? eagerMs : periodSeconds * 1000;
    eagerMs *= 2;
    if (!mayAsk()) continue;
    const outcome = await ask(target, options.prober);
    if (signal.aborted) return;
    if ("error" in outcome) {
      options.onError(outcome.error);
      continue;
    }
    const { isSuccess, output } = outcome;
    [successes, failures] = isSuccess ? [successes + 1, 0] : [0, failures + 1];
    if (!isSuccess && !isEager) options.onFailure(output);
    const [hasSucceeded, hasFailed] = [
      successes >= successThreshold,
      failures >= failureThreshold,
    ];
    const isFinal = kind === "startup" && (hasSucceeded || hasFailed);
    const before = verdict;
    if (hasSucceeded || hasFailed) verdict = hasSucceeded;
    if (verdict !== before || isFinal) onVerdict(verdict, isFinal);
    if (isFinal) return;
  }
}

/** Source: kubelet, prober worker: an error of the engine or of the spec is thrown away. */
async function ask(
  { probe, container, spec, ip }: ProbeTarget,
  prober: Prober,
): Promise<ProbeOutcome | { readonly error: string }> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  const { exec, httpGet, tcpSocket, grpc } = probe;
  try {
    if (exec !== undefined) {
      return await prober.exec(container.id, exec.command ?? [], timeoutMs);
    }
    if (httpGet !== undefined) {
      const url = httpUrl(httpGet, spec, ip);
      return await prober.httpGet(url, httpGet.httpHeaders ?? [], timeoutMs);
    }
    if (tcpSocket !== undefined) {
      return await prober.connect(tcpSocket.host || ip, portOf(spec, tcpSocket.port), timeoutMs);
    }
    if (grpc !== undefined) {
      return await prober.grpc(ip, grpc.port, grpc.service ?? "", timeoutMs);
    }
    return { isSuccess: true, output: "" };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
