/** Ten thousand services with ten pods each, which no node runs. */
import type { EndpointAddress, Endpoints, Service } from "../api/types/core_v1.ts";
import { ENDPOINTS, SERVICES } from "../api/types/resources.ts";
import type { Api } from "../client/api.ts";

export const COUNT = 10_000;
export const PODS = 10;
const AT_ONCE = 32;

export async function fill(api: Api): Promise<void> {
  for (let first = 0; first < COUNT; first += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, COUNT - first) }, (_, i) => first + i);
    await Promise.all(some.map(async (i) => {
      await api.create(SERVICES, serviceOf(i));
      await api.create(ENDPOINTS, endpointsOf(i));
    }));
  }
}

export const nameOf = (i: number) => `service-${String(i).padStart(5, "0")}`;

function serviceOf(i: number): Service {
  return {
    ...{ apiVersion: "v1", kind: "Service" },
    metadata: { name: nameOf(i), namespace: "default" },
    spec: { ports: [{ port: 80, protocol: "TCP" }] },
  };
}

function endpointsOf(i: number): Endpoints {
  const addresses = Array.from(
    { length: PODS },
    (_, pod) => addressOf(`10.${16 + (i >> 8)}.${i & 255}.${pod + 1}`, i),
  );
  return {
    ...{ apiVersion: "v1", kind: "Endpoints" },
    metadata: { name: nameOf(i), namespace: "default" },
    subsets: [{ addresses, ports: [{ port: 8_080, protocol: "TCP" }] }],
  };
}

/** With all that the controllers say of a pod. */
function addressOf(ip: string, i: number): EndpointAddress {
  const name = `${nameOf(i)}-${crypto.randomUUID().slice(0, 5)}`;
  return {
    ip,
    nodeName: `node-${Number(ip.split(".").at(-1)) % PODS}`,
    targetRef: { kind: "Pod", namespace: "default", name, uid: crypto.randomUUID() },
  };
}

/** Its last pod is replaced by a new one. */
export function withAnother(endpoints: Endpoints, i: number): Endpoints {
  const [subset] = endpoints.subsets ?? [];
  const addresses = [...(subset?.addresses ?? [])];
  const [a, b, c, pod] = (addresses.pop()?.ip ?? "").split(".").map(Number);
  addresses.push(addressOf(`${a}.${b}.${c}.${(pod ?? 0) + 1}`, i));
  return { ...endpoints, subsets: [{ ...subset, addresses }] };
}
