import type { Clock } from "../api/types/ambient.ts";
import type { Container, LifecycleHandler } from "../api/types/core_v1.ts";
import { httpUrl, portOf } from "./probe_targets.ts";
import type { Prober } from "./probes.ts";

/** Where a hook is carried out. */
export interface HookPlace {
  readonly containerId: string;
  readonly spec: Container;
  /** The pod's address. */
  readonly ip: string;
}

export interface HookLimits {
  readonly timeoutMs: number;
  /** Lets go of the hook, which is then neither a success nor a failure. */
  readonly signal: AbortSignal;
}

/** Carries one hook out. @returns why it failed, or undefined */
export async function runHook(
  handler: LifecycleHandler,
  place: HookPlace,
  { prober, clock }: { readonly prober: Prober; readonly clock: Clock },
  { timeoutMs, signal }: HookLimits,
): Promise<string | undefined> {
  const limit = new AbortController();
  const letGo = () => limit.abort();
  if (signal.aborted) return undefined;
  signal.addEventListener("abort", letGo, { once: true });
  const asked = ask(handler, place, { prober, clock }, { timeoutMs, signal: limit.signal });
  try {
    const late = clock.sleep(timeoutMs, limit.signal).then(() =>
      signal.aborted ? undefined : `timed out after ${timeoutMs / 1000}s`
    );
    return await Promise.race([asked, late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    limit.abort();
    signal.removeEventListener("abort", letGo);
    asked.catch(() => {});
  }
}

async function ask(
  { exec, httpGet, sleep, tcpSocket }: LifecycleHandler,
  { containerId, spec, ip }: HookPlace,
  { prober, clock }: { readonly prober: Prober; readonly clock: Clock },
  { timeoutMs, signal }: HookLimits,
): Promise<string | undefined> {
  if (sleep !== undefined) {
    await clock.sleep(sleep.seconds * 1000, signal);
    return undefined;
  }
  const outcome = exec !== undefined
    ? await prober.exec(containerId, exec.command ?? [], timeoutMs)
    : httpGet !== undefined
    ? await prober.httpGet(httpUrl(httpGet, spec, ip), httpGet.httpHeaders ?? [], timeoutMs)
    : tcpSocket !== undefined
    ? await prober.connect(tcpSocket.host ?? ip, portOf(spec, tcpSocket.port), timeoutMs)
    : { isSuccess: true, output: "" };
  return outcome.isSuccess ? undefined : outcome.output;
}
