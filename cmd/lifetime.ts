import { recordProcess, runningProcess } from "./processes.ts";
import { removeIfThere } from "./files.ts";

/** How long an orderly end may take before the process ends anyway. */
export const END_PATIENCE_MS = 10_000;

/** From the start of a process to the signal that ends it. */
export interface Lifetime {
  /** Aborts on SIGTERM and SIGINT. */
  readonly signal: AbortSignal;
  /** Ends the process, whatever is still open. */
  end(code: number): Promise<never>;
}

/**
 * Makes this the one process of the pid file.
 * @throws {Error} one sentence, when another process that lives is recorded there
 */
export async function beginLifetime(
  what: string,
  pidFile: string,
  patienceMs = END_PATIENCE_MS,
): Promise<Lifetime> {
  const running = await runningProcess(pidFile);
  if (running !== undefined && running.pid !== Deno.pid) {
    throw new Error(`The ${what} of this data directory runs already, as process ${running.pid}`);
  }
  await recordProcess(pidFile, Deno.pid);
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(name, () => {
      if (controller.signal.aborted) Deno.exit(1); // asked twice
      controller.abort();
      Deno.unrefTimer(setTimeout(() => Deno.exit(1), patienceMs));
    });
  }
  return {
    signal: controller.signal,
    async end(code) {
      await removeIfThere(pidFile);
      Deno.exit(code);
    },
  };
}
