import type { Pod } from "../../api/types/core_v1.ts";
import type { ContainerSample, PodSample, Sample } from "./sampler.ts";

/** Figures in the text form that Prometheus reads. */

type Labels = Readonly<Record<string, string>>;
interface Point {
  readonly labels: Labels;
  readonly value: number;
}

/** One metric with its help, type and points; nothing where there is no point. */
export function metricText(
  name: string,
  type: "counter" | "gauge",
  help: string,
  points: readonly Point[],
): string {
  if (points.length === 0) return "";
  const lines = points.map(({ labels, value }) => `${name}${labelsText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const NANOSECONDS = 1e9;

/** What the pages show: only pods that the agent knows, with the names that the API gave them. */
function podSamples(sample: Sample, pods: readonly Readonly<Pod>[]) {
  return pods.flatMap((pod): { pod: Readonly<Pod>; of: PodSample }[] => {
    const of = sample.pods.get(pod.metadata.uid ?? "");
    return of === undefined ? [] : [{ pod, of }];
  });
}

const ofPod = ({ metadata }: Readonly<Pod>) => ({
  namespace: metadata.namespace ?? "",
  pod: metadata.name,
});

/** The kubelet's `/metrics/resource`: CPU and memory, as autoscalers read them. */
export function resourceMetrics(sample: Sample, pods: readonly Readonly<Pod>[]): string {
  const shown = podSamples(sample, pods);
  const ofContainers = (value: (one: ContainerSample) => number) =>
    shown.flatMap(({ pod, of }) =>
      of.containers.map((one) => ({
        labels: { container: one.container.name, ...ofPod(pod) },
        value: value(one),
      }))
    );
  const ofPods = (value: (one: ContainerSample) => number) =>
    shown.map(({ pod, of }) => ({
      labels: ofPod(pod),
      value: allOf(of).reduce((sum, one) => sum + value(one), 0),
    }));
  const cpu = ({ usage }: ContainerSample) => usage.cpuNanoseconds / NANOSECONDS;
  const memory = ({ usage }: ContainerSample) => usage.memory.workingSet;
  const { node } = sample;
  const seconds = "Cumulative cpu time consumed by the";
  const bytes = "Current working set of the";
  return [
    metricText(
      "container_cpu_usage_seconds_total",
      "counter",
      `${seconds} container in core-seconds`,
      ofContainers(cpu),
    ),
    metricText(
      "container_memory_working_set_bytes",
      "gauge",
      `${bytes} container in bytes`,
      ofContainers(memory),
    ),
    metricText(
      "container_start_time_seconds",
      "gauge",
      "Start time of the container since unix epoch in seconds",
      ofContainers(({ container }) => container.startedAt / 1000),
    ),
    metricText("node_cpu_usage_seconds_total", "counter", `${seconds} node in core-seconds`, [
      { labels: {}, value: node.cpuNanoseconds / NANOSECONDS },
    ]),
    metricText("node_memory_working_set_bytes", "gauge", `${bytes} node in bytes`, [
      { labels: {}, value: node.memory.workingSet },
    ]),
    metricText(
      "pod_cpu_usage_seconds_total",
      "counter",
      `${seconds} pod in core-seconds`,
      ofPods(cpu),
    ),
    metricText(
      "pod_memory_working_set_bytes",
      "gauge",
      `${bytes} pod in bytes`,
      ofPods(memory),
    ),
    metricText("resource_scrape_error", "gauge", "1 if there was an error, 0 otherwise", [
      { labels: {}, value: 0 },
    ]),
  ].join("");
}

const allOf = ({ containers, sandbox }: PodSample) =>
  sandbox === undefined ? containers : [...containers, sandbox];

/** Name, type, help and value of what `/metrics/cadvisor` says of each container. Source of the names: cAdvisor. */
const OF_CONTAINERS: readonly [
  string,
  "counter" | "gauge",
  string,
  (one: ContainerSample) => number,
][] = [
  [
    "container_cpu_usage_seconds_total",
    "counter",
    "Cumulative cpu time consumed in seconds.",
    ({ usage }) => usage.cpuNanoseconds / NANOSECONDS,
  ],
  [
    "container_memory_usage_bytes",
    "gauge",
    "Current memory usage in bytes, including all memory regardless of when it was accessed",
    ({ usage }) => usage.memory.usage,
  ],
  [
    "container_memory_working_set_bytes",
    "gauge",
    "Current working set in bytes.",
    ({ usage }) => usage.memory.workingSet,
  ],
  ["container_memory_rss", "gauge", "Size of RSS in bytes.", ({ usage }) => usage.memory.rss],
  [
    "container_memory_cache",
    "gauge",
    "Number of bytes of page cache memory.",
    ({ usage }) => usage.memory.cache,
  ],
  [
    "container_processes",
    "gauge",
    "Number of processes running inside the container.",
    ({ usage }) => usage.processes,
  ],
  [
    "container_start_time_seconds",
    "gauge",
    "Start time of the container since unix epoch in seconds.",
    ({ container }) => container.startedAt / 1000,
  ],
];

const OF_NETWORKS = [
  ["receive_bytes", "bytes received", "rxBytes"],
  ["receive_packets", "packets received", "rxPackets"],
  ["receive_errors", "errors encountered while receiving", "rxErrors"],
  ["receive_packets_dropped", "packets dropped while receiving", "rxDropped"],
  ["transmit_bytes", "bytes transmitted", "txBytes"],
  ["transmit_packets", "packets transmitted", "txPackets"],
  ["transmit_errors", "errors encountered while transmitting", "txErrors"],
  ["transmit_packets_dropped", "packets dropped while transmitting", "txDropped"],
] as const;

/** The kubelet's `/metrics/cadvisor`. */
export function cadvisorMetrics(sample: Sample, pods: readonly Readonly<Pod>[]): string {
  const shown = podSamples(sample, pods);
  const containers = shown.flatMap(({ pod, of }) =>
    allOf(of).map((one) => ({ one, labels: labelsOf(pod, one) }))
  );
  const ofContainers = OF_CONTAINERS.map(([name, type, help, value]) =>
    metricText(
      name,
      type,
      help,
      containers.map(({ one, labels }) => ({ labels, value: value(one) })),
    )
  );
  const wired = shown.filter(({ pod }) => !pod.spec.hostNetwork);
  const ofNetworks = OF_NETWORKS.map(([name, help, field]) =>
    metricText(
      `container_network_${name}_total`,
      "counter",
      `Cumulative count of ${help}`,
      wired.flatMap(({ pod, of }) =>
        of.interfaces.map((one) => ({
          labels: { ...ofPod(pod), interface: one.name },
          value: one[field],
        }))
      ),
    )
  );
  const { memoryBytes } = sample.node;
  const machine = metricText("machine_memory_bytes", "gauge", "Amount of memory installed.", [
    { labels: {}, value: memoryBytes },
  ]);
  return [...ofContainers, ...ofNetworks, machine].join("");
}

function labelsOf(pod: Readonly<Pod>, { container }: ContainerSample): Labels {
  const { id, image, name } = container;
  return { container: name, id: `/${id}`, image, name: id, ...ofPod(pod) };
}
