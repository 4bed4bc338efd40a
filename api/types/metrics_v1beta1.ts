import {
  always,
  type Infer,
  list,
  map,
  messagesOf,
  quantity,
  required,
  string,
  time,
} from "./schema.ts";
import { ObjectMeta, TYPE_META } from "./meta.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.metrics.pkg.apis.metrics.v1beta1");

const TIMESTAMP = "When the measurement ended.";
const WINDOW = "How long the measurement took, such as `15s`: use of CPU is its average.";

export const ContainerMetrics = message("ContainerMetrics", {
  name: required(1, string),
  usage: required(2, map(quantity), "CPU in cores, and the working set of memory in bytes."),
});
export interface ContainerMetrics extends Infer<typeof ContainerMetrics> {}

export const PodMetrics = message("PodMetrics", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  timestamp: required(2, time, TIMESTAMP),
  window: required(3, string, WINDOW),
  containers: required(4, list(ContainerMetrics)),
}, { description: "What a pod uses. It is measured when it is asked for, and never stored." });
export interface PodMetrics extends Infer<typeof PodMetrics> {}

export const NodeMetrics = message("NodeMetrics", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  timestamp: required(2, time, TIMESTAMP),
  window: required(3, string, WINDOW),
  usage: required(4, map(quantity), "CPU in cores, and the working set of memory in bytes."),
}, { description: "What a node uses. It is measured when it is asked for, and never stored." });
export interface NodeMetrics extends Infer<typeof NodeMetrics> {}

export const METRICS_API_VERSION = "metrics.k8s.io/v1beta1";

export const NODE_METRICS: Resource<NodeMetrics> = {
  apiVersion: METRICS_API_VERSION,
  kind: "NodeMetrics",
  resource: "nodes",
  isNamespaced: false,
};

export const POD_METRICS: Resource<PodMetrics> = {
  apiVersion: METRICS_API_VERSION,
  kind: "PodMetrics",
  resource: "pods",
  isNamespaced: true,
};
