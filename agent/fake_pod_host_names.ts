import type { PodHostNames } from "./pod_host_names.ts";

/** Names nobody, and remembers whom it would have named. */
export class FakePodHostNames implements PodHostNames {
  readonly known = new Map<string, string>();
  /** May throw in place of giving. */
  intercept: () => void = () => {};
  /** As if a process under this name could not be named. */
  fail: (standIn: string, reason: string) => void = () => {};

  give(standIn: string, name: string): void {
    this.intercept();
    this.known.set(standIn, name);
  }

  forget(standIn: string): void {
    this.known.delete(standIn);
  }

  onFailure(listener: (standIn: string, reason: string) => void): void {
    this.fail = listener;
  }
}
