import type { Clock, Log } from "../api/types/ambient.ts";

const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;

export interface PauseImageWish {
  /** Makes the image unless it is there. */
  readonly ensure: () => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Every pod's sandbox is made of it. An agent that a service manager starts may come before the container engine: it
 * reports its node meanwhile, and asks again.
 */
export async function obtainPauseImage(wish: PauseImageWish): Promise<void> {
  const { ensure, clock, log, signal } = wish;
  let retryMs = RETRY_FIRST_MS;
  while (!signal.aborted) {
    try {
      await ensure();
      return;
    } catch (error) {
      log("Cannot make the image of sandboxes", { error, retryMs });
    }
    await clock.sleep(retryMs, signal);
    retryMs = Math.min(2 * retryMs, RETRY_MAX_MS);
  }
}

/** Loaded for this alone: an agent makes images once. */
export async function ensurePauseOf(dockerHost: string): Promise<void> {
  const { ensureImage } = await import("../images/build.ts");
  const { Engine } = await import("../images/engine.ts");
  const { PAUSE } = await import("../images/recipes.ts");
  const engine = new Engine(dockerHost);
  try {
    await ensureImage(engine, PAUSE);
  } finally {
    engine.close();
  }
}
