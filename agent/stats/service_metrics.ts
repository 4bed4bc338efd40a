import { metricText } from "./exposition.ts";

export interface ServiceCount {
  readonly connections: number;
  readonly refusals: number;
  readonly backends: readonly BackendCount[];
}

export interface BackendCount {
  readonly ip: string;
  readonly port: number;
  readonly connections: number;
  /** Of clients from outside. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What the kernel counted on this node since each service is there. @param counts by `namespace/name:port` */
export function serviceMetrics(counts: Iterable<[string, ServiceCount]>): string {
  const services = [...counts].map(([name, count]) => ({ labels: labelsOf(name), count }));
  const backends = services.flatMap(({ labels, count }) =>
    count.backends.map(({ ip, port, ...counted }) => ({
      labels: { ...labels, backend: `${ip}:${port}` },
      counted,
    }))
  );
  const bytes = backends.flatMap(({ labels, counted: { bytesIn, bytesOut } }) => [
    { labels: { ...labels, direction: "in" }, value: bytesIn },
    { labels: { ...labels, direction: "out" }, value: bytesOut },
  ]);
  return [
    metricText(
      "wherry_service_connections_total",
      "counter",
      "Connections of this node's processes, and of clients from outside, to services",
      services.map(({ labels, count }) => ({ labels, value: count.connections })),
    ),
    metricText(
      "wherry_service_refusals_total",
      "counter",
      "Connections that were refused for want of a ready endpoint",
      services.map(({ labels, count }) => ({ labels, value: count.refusals })),
    ),
    metricText(
      "wherry_service_backend_connections_total",
      "counter",
      "Connections by way of a service to one of its endpoints",
      backends.map(({ labels, counted }) => ({ labels, value: counted.connections })),
    ),
    metricText(
      "wherry_service_backend_bytes_total",
      "counter",
      "Bytes that clients from outside sent to an endpoint, and got from it, by way of a service",
      bytes.filter(({ value }) => value > 0),
    ),
  ].join("");
}

function labelsOf(name: string): Record<string, string> {
  const [namespace = "", service = "", port = ""] = name.split(/[/:]/);
  return { namespace, service, port, side: name.endsWith("/external") ? "external" : "internal" };
}
