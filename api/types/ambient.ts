/** Time, as every component gets it: from cmd/ the real one, in tests and simulation a virtual one. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`, or at once, without an error, when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `callback` once after `ms`. @returns a function that cancels it */
  after(ms: number, callback: () => void): () => void;
}

/** Uniform in [0, 1). */
export type Random = () => number;

/** One line for whoever runs the process: what happened, and the figures that belong to it. */
export type Log = (message: string, figures?: Readonly<Record<string, unknown>>) => void;
