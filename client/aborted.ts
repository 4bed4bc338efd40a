/** Resolves once `signal` has aborted. It is for what happens once: the signal keeps it until then. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}

/** Resolves when `work` is done or `signal` has aborted, whichever comes first. */
export function orAborted(work: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  return Promise.race([work, aborted(signal)]);
}
