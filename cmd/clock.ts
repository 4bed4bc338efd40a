import type { Clock } from "../api/types/ambient.ts";

/** The longest delay that the runtime's timers can hold; anything above fires at once. */
const DELAY_MAX_MS = 2 ** 31 - 1;

/** Real time. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep(ms, signal) {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(ms, DELAY_MAX_MS));
      signal?.addEventListener("abort", end, { once: true });
    });
  },
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, DELAY_MAX_MS));
    return () => clearTimeout(timer);
  },
};
