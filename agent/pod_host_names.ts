/**
 * Gives what begins in a sandbox that was made ahead the host name of its pod, before its first instruction.
 * Implemented by dataplane/host_names.ts, handed in by cmd/.
 */
export interface PodHostNames {
  /** By what stands in for them, also what earlier processes gave. */
  readonly known: ReadonlyMap<string, string>;
  /** From here on, what begins under `standIn` is called `name`. @throws {Error} when that can't be had */
  give(standIn: string, name: string): void;
  /** One that is not known is no error. */
  forget(standIn: string): void;
  /** Told of processes that could not be named: they have been killed. */
  onFailure(listener: (standIn: string, reason: string) => void): void;
}
