import type { PodAddress, Protocol, ServiceRule } from "../dataplane/rules.ts";

const PODS_PER_SERVICE = 10;

/** The service that is measured. */
export function service(
  address: string,
  backends: readonly PodAddress[],
  protocol: Protocol = "TCP",
): ServiceRule {
  const frontends = [{ address, port: 80, isExternal: false }];
  return { name: "bench/web:", protocol, frontends, backends, affinitySeconds: 0 };
}

/** Others, which nobody asks. */
export function fillers(count: number): ServiceRule[] {
  return Array.from({ length: count }, (_, i) => {
    const address = `10.196.${i >> 8}.${i & 255}`;
    const backends = Array.from(
      { length: PODS_PER_SERVICE },
      (_, j) => ({ ip: `10.195.${i & 255}.${j + 1}`, port: 8_080 }),
    );
    return { ...service(address, backends), name: `bench/filler-${i}:` };
  });
}

/** In another order each time, so that what drifts on the machine favours nobody. */
export function shuffled<T>(items: readonly T[]): T[] {
  return items.map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}
