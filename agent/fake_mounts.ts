import type { HostMounts, MountRequest, PartRequest } from "./host_mounts.ts";

/** Remembers what was mounted where, for tests and the simulation. */
export class FakeMounts implements HostMounts {
  readonly mounted = new Map<string, MountRequest>();
  readonly parts = new Map<string, PartRequest>();
  /** May throw in place of a mount. */
  intercept: (request: MountRequest) => void = () => {};

  below(path: string): Promise<string[]> {
    const places = [...this.mounted.keys(), ...this.parts.keys()];
    return Promise.resolve(places.filter((one) => one === path || one.startsWith(`${path}/`)));
  }

  // deno-lint-ignore require-await -- what it throws is a rejection
  async mount(request: MountRequest): Promise<void> {
    if (this.mounted.has(request.target)) return;
    this.intercept(request);
    this.mounted.set(request.target, request);
  }

  bindPart(request: PartRequest): Promise<void> {
    this.parts.set(request.target, request);
    return Promise.resolve();
  }

  async unmountBelow(path: string): Promise<void> {
    for (const place of await this.below(path)) {
      this.mounted.delete(place);
      this.parts.delete(place);
    }
  }
}
