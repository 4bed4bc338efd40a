import assert from "node:assert/strict";
import type { Service } from "../api/types/core_v1.ts";
import { serviceVariables } from "./service_variables.ts";

Deno.test("serviceVariables: a service of one port gives seven", () => {
  const redis = service("redis-master", "10.0.0.11", [{ port: 6379 }]);
  assert.deepEqual(linesOf([redis]), [
    "REDIS_MASTER_SERVICE_HOST=10.0.0.11",
    "REDIS_MASTER_SERVICE_PORT=6379",
    "REDIS_MASTER_PORT=tcp://10.0.0.11:6379",
    "REDIS_MASTER_PORT_6379_TCP=tcp://10.0.0.11:6379",
    "REDIS_MASTER_PORT_6379_TCP_PROTO=tcp",
    "REDIS_MASTER_PORT_6379_TCP_PORT=6379",
    "REDIS_MASTER_PORT_6379_TCP_ADDR=10.0.0.11",
  ]);
});

Deno.test("serviceVariables: every port is named, the first one twice", () => {
  const ports = [{ name: "dns", port: 53, protocol: "UDP" as const }, {
    name: "dns-tcp",
    port: 53,
  }];
  assert.deepEqual(linesOf([service("dns", "10.0.0.10", ports)]), [
    "DNS_SERVICE_HOST=10.0.0.10",
    "DNS_SERVICE_PORT=53",
    "DNS_SERVICE_PORT_DNS=53",
    "DNS_SERVICE_PORT_DNS_TCP=53",
    "DNS_PORT=udp://10.0.0.10:53",
    "DNS_PORT_53_UDP=udp://10.0.0.10:53",
    "DNS_PORT_53_UDP_PROTO=udp",
    "DNS_PORT_53_UDP_PORT=53",
    "DNS_PORT_53_UDP_ADDR=10.0.0.10",
    "DNS_PORT_53_TCP=tcp://10.0.0.10:53",
    "DNS_PORT_53_TCP_PROTO=tcp",
    "DNS_PORT_53_TCP_PORT=53",
    "DNS_PORT_53_TCP_ADDR=10.0.0.10",
  ]);
});

const WEB = service("web", "10.0.0.5", [{ port: 80 }]);
const API = service("kubernetes", "10.0.0.1", [{ port: 443 }], "default");
const OTHER = service("other", "10.0.0.6", [{ port: 80 }], "elsewhere");
const HEADLESS = service("headless", "None", [{ port: 80 }]);

// deno-fmt-ignore
const CASES = [
  { name: "a headless service has none",             services: [HEADLESS],   links: true,  want: [] },
  { name: "another namespace's service has none",    services: [OTHER],      links: true,  want: [] },
  { name: "the API is known in every namespace",     services: [API],        links: true,  want: ["KUBERNETES"] },
  { name: "without links only the API is known",     services: [API, WEB],   links: false, want: ["KUBERNETES"] },
  { name: "with links the namespace's own come too", services: [API, WEB],   links: true,  want: ["KUBERNETES", "WEB"] },
];
for (const { name, services, links, want } of CASES) {
  Deno.test(`serviceVariables: ${name}`, () => {
    const hosts = serviceVariables(services, "shop", links).map(([key]) => key)
      .filter((key) => key.endsWith("_SERVICE_HOST"));
    assert.deepEqual(hosts, want.map((one) => `${one}_SERVICE_HOST`));
  });
}

function linesOf(services: Service[]): string[] {
  return serviceVariables(services, "shop", true).map(([key, value]) => `${key}=${value}`);
}

function service(
  name: string,
  clusterIP: string,
  ports: NonNullable<Service["spec"]["ports"]>,
  namespace = "shop",
): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { clusterIP, ports },
  };
}
