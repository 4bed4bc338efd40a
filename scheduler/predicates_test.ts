import assert from "node:assert/strict";
import type { Pod, Volume } from "../api/types/core_v1.ts";
import {
  infoOf,
  nodeWith,
  type NodeWords,
  podWith,
  type PodWords,
  serviceWith,
  worldOf,
} from "./fake_world.ts";
import { podInfoOf } from "./pod_info.ts";
import {
  fitsCordon,
  fitsDisks,
  fitsHostName,
  fitsHostPorts,
  fitsLabelPresence,
  fitsNodeSelector,
  fitsReadiness,
  fitsResources,
  fitsServiceAffinity,
  fitsTaints,
  type Predicate,
} from "./predicates.ts";

const CPU = "Insufficient cpu";
const MEMORY = "Insufficient memory";
const PODS = "Too many pods";
const PORTS = "node(s) didn't have free ports for the requested pod ports";
const DISK = "node(s) had no available disk";
const SELECTOR = "node(s) didn't match Pod's node affinity/selector";
const NAME = "node(s) didn't match the requested node name";

interface Case {
  name: string;
  pod?: PodWords;
  node?: NodeWords;
  there?: PodWords[];
  want: string[];
}

function check(title: string, predicate: Predicate, cases: Case[]): void {
  for (const { name, pod = {}, node = {}, there = [], want } of cases) {
    Deno.test(`${title}: ${name}`, () => {
      const running = there.map((words, i) => podWith(`p${i}`, { ...words, nodeName: "node-1" }));
      const world = worldOf([nodeWith("node-1", node), ...running]);
      assert.deepEqual(predicate(infoOf("new", pod), world.nodes[0]!, world), want);
    });
  }
}

// deno-fmt-ignore
check("row 38: PodFitsResources", fitsResources, [
  { name: "no request fits a full node",       there: [{ cpu: "4" }],                                       want: [] },
  { name: "the last millicore fits",           pod: { cpu: "1500m" }, there: [{ cpu: "2500m" }],            want: [] },
  { name: "one millicore too many",            pod: { cpu: "1501m" }, there: [{ cpu: "2500m" }],            want: [CPU] },
  { name: "the last byte fits",                pod: { memory: "1Gi" }, node: { memory: "1Gi" },             want: [] },
  { name: "one byte too many",                 pod: { memory: "1073741825" }, node: { memory: "1Gi" },      want: [MEMORY] },
  { name: "every shortage is named",           pod: { cpu: "5", memory: "9Gi" },                            want: [CPU, MEMORY] },
  { name: "a capacity of 0 is unlimited",      pod: { cpu: "500" }, node: { cpu: "0" },                     want: [] },
  { name: "pods count, whatever they ask",     node: { pods: "2" }, there: [{}, {}],                        want: [PODS] },
  { name: "the last pod fits",                 node: { pods: "3" }, there: [{}, {}],                        want: [] },
  { name: "limits stand in for requests",      pod: { container: { resources: { limits: { cpu: "5" } } } }, want: [CPU] },
  { name: "requests go before limits",         pod: { container: { resources: { limits: { cpu: "5" }, requests: { cpu: "1" } } } }, want: [] },
  { name: "the largest init container counts", pod: { cpu: "1", spec: { initContainers: [{ name: "i", resources: { requests: { cpu: "5" } } }] } }, want: [CPU] },
  { name: "a resource that no node has",       pod: { container: { resources: { requests: { "a.b/gpu": "1" } } } }, want: ["Insufficient a.b/gpu"] },
]);

const port = (hostPort: number, more = {}) => ({
  container: { ports: [{ containerPort: 80, hostPort, ...more }] },
});

// deno-fmt-ignore
check("row 37: PodFitsPorts", fitsHostPorts, [
  { name: "port 0 never conflicts",            pod: port(0),    there: [port(0)],                        want: [] },
  { name: "a taken host port",                 pod: port(8080), there: [port(8080)],                     want: [PORTS] },
  { name: "another port is free",              pod: port(8081), there: [port(8080)],                     want: [] },
  { name: "UDP and TCP do not collide",        pod: port(53),   there: [port(53, { protocol: "UDP" })],  want: [] },
  { name: "two addresses do not collide",      pod: port(53, { hostIP: "10.0.0.1" }), there: [port(53, { hostIP: "10.0.0.2" })], want: [] },
  { name: "all addresses collide with one",    pod: port(53),   there: [port(53, { hostIP: "10.0.0.2" })], want: [PORTS] },
  { name: "0.0.0.0 is all addresses",          pod: port(53, { hostIP: "10.0.0.1" }), there: [port(53, { hostIP: "0.0.0.0" })], want: [PORTS] },
]);

const volume = (source: Partial<Volume>): PodWords => ({
  spec: { volumes: [{ name: "d", ...source }] },
});
const gce = (pdName: string, readOnly = false) =>
  volume({ gcePersistentDisk: { pdName, readOnly } });
const ebs = (volumeID: string, readOnly = false) =>
  volume({ awsElasticBlockStore: { volumeID, readOnly } });

// deno-fmt-ignore
check("row 39: NoDiskConflict", fitsDisks, [
  { name: "no volumes",                        want: [] },
  { name: "the same GCE disk",                 pod: gce("a"),       there: [gce("a")],       want: [DISK] },
  { name: "another GCE disk",                  pod: gce("a"),       there: [gce("b")],       want: [] },
  { name: "two readers of a GCE disk",         pod: gce("a", true), there: [gce("a", true)], want: [] },
  { name: "a reader beside a writer",          pod: gce("a", true), there: [gce("a")],       want: [DISK] },
  { name: "a writer beside a reader",          pod: gce("a"),       there: [gce("a", true)], want: [DISK] },
  { name: "an EBS volume, even read-only",     pod: ebs("v", true), there: [ebs("v", true)], want: [DISK] },
]);

const selecting = (
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt",
  ...values: string[]
): PodWords => ({
  spec: {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator, values }] }],
        },
      },
    },
  },
});
const ZONE_5 = { labels: { zone: "5" } };

// deno-fmt-ignore
check("row 40: MatchNodeSelector", fitsNodeSelector, [
  { name: "no selector",            want: [] },
  { name: "all pairs are there",    pod: { spec: { nodeSelector: { a: "1", b: "2" } } }, node: { labels: { a: "1", b: "2", c: "3" } }, want: [] },
  { name: "one pair is missing",    pod: { spec: { nodeSelector: { a: "1", b: "2" } } }, node: { labels: { a: "1" } },                 want: [SELECTOR] },
  { name: "another value",          pod: { spec: { nodeSelector: { a: "1" } } },         node: { labels: { a: "2" } },                 want: [SELECTOR] },
  { name: "In",                     pod: selecting("In", "4", "5"),   node: ZONE_5, want: [] },
  { name: "In, not",                pod: selecting("In", "4"),        node: ZONE_5, want: [SELECTOR] },
  { name: "NotIn",                  pod: selecting("NotIn", "5"),     node: ZONE_5, want: [SELECTOR] },
  { name: "NotIn without a label",  pod: selecting("NotIn", "5"),                   want: [] },
  { name: "Exists",                 pod: selecting("Exists"),                       want: [SELECTOR] },
  { name: "DoesNotExist",           pod: selecting("DoesNotExist"),                 want: [] },
  { name: "Gt",                     pod: selecting("Gt", "4"),        node: ZONE_5, want: [] },
  { name: "Lt",                     pod: selecting("Lt", "5"),        node: ZONE_5, want: [SELECTOR] },
]);

// deno-fmt-ignore
check("row 41: HostName", fitsHostName, [
  { name: "no node is named",       want: [] },
  { name: "this node is named",     pod: { nodeName: "node-1" }, want: [] },
  { name: "another node is named",  pod: { nodeName: "node-2" }, want: [NAME] },
]);

const NOT_READY = ["node(s) were not ready"];
// deno-fmt-ignore
check("row 33: readiness", fitsReadiness, [
  { name: "ready",    node: { ready: "True" },    want: [] },
  { name: "not",      node: { ready: "False" },   want: NOT_READY },
  { name: "unknown",  node: { ready: "Unknown" }, want: NOT_READY },
]);

const tolerating = (toleration: object): PodWords => ({ spec: { tolerations: [toleration] } });
const CORDONED: NodeWords = { spec: { unschedulable: true } };
// deno-fmt-ignore
check("row 32: cordon", fitsCordon, [
  { name: "a cordoned node refuses",            node: CORDONED, want: ["node(s) were unschedulable"] },
  { name: "a pod that tolerates everything",    pod: tolerating({ operator: "Exists" }), node: CORDONED, want: [] },
]);

const TAINTED: NodeWords = { spec: { taints: [{ key: "k", value: "v", effect: "NoSchedule" }] } };
const UNTOLERATED = ["node(s) had untolerated taint {k: v}"];
// deno-fmt-ignore
check("taints", fitsTaints, [
  { name: "a taint that nobody tolerates",  node: TAINTED, want: UNTOLERATED },
  { name: "equal key and value",            node: TAINTED, pod: tolerating({ key: "k", value: "v" }),                        want: [] },
  { name: "another value",                  node: TAINTED, pod: tolerating({ key: "k", value: "w" }),                        want: UNTOLERATED },
  { name: "the key exists",                 node: TAINTED, pod: tolerating({ key: "k", operator: "Exists" }),                want: [] },
  { name: "another effect",                 node: TAINTED, pod: tolerating({ key: "k", value: "v", effect: "NoExecute" }),   want: UNTOLERATED },
  { name: "a preference refuses nobody",    node: { spec: { taints: [{ key: "k", effect: "PreferNoSchedule" }] } },          want: [] },
]);

const ABSENT = ["node(s) didn't have the requested labels"];
// deno-fmt-ignore
check("row 42: CheckNodeLabelPresence, present", fitsLabelPresence(["a", "b"], true), [
  { name: "all are there",  node: { labels: { a: "1", b: "" } }, want: [] },
  { name: "one is not",     node: { labels: { a: "1" } },        want: ABSENT },
]);
// deno-fmt-ignore
check("row 42: CheckNodeLabelPresence, absent", fitsLabelPresence(["retiring"], false), [
  { name: "absent",   node: {},                              want: [] },
  { name: "present",  node: { labels: { retiring: "soon" } }, want: ABSENT },
]);

const ZONES = ["a", "b", "c"];

// deno-fmt-ignore
const AFFINITY_CASES: { name: string; peerOn?: string; pod: Pod; want: string[] }[] = [
  { name: "no peer yet: every zone",              pod: podWith("n", { labels: { app: "x" } }),                    want: ["a", "b", "c"] },
  { name: "the peer's zone alone",                pod: podWith("n", { labels: { app: "x" } }), peerOn: "node-b",  want: ["b"] },
  { name: "a pod of no service goes anywhere",    pod: podWith("n", { labels: { app: "y" } }), peerOn: "node-b",  want: ["a", "b", "c"] },
  { name: "its own selector goes before peers",   pod: podWith("n", { labels: { app: "x" }, spec: { nodeSelector: { zone: "c" } } }), peerOn: "node-b", want: ["c"] },
];

for (const { name, peerOn, pod, want } of AFFINITY_CASES) {
  Deno.test(`row 42: CheckServiceAffinity: ${name}`, () => {
    const world = worldOf([
      ...ZONES.map((zone) => nodeWith(`node-${zone}`, { labels: { zone } })),
      serviceWith("x", { app: "x" }),
      ...(peerOn ? [podWith("peer", { labels: { app: "x" }, nodeName: peerOn })] : []),
    ]);
    const fits = fitsServiceAffinity(["zone"]);
    const zones = world.nodes.filter((node) => fits(podInfoOf(pod), node, world).length === 0)
      .map(({ labels }) => labels.zone);
    assert.deepEqual(zones, want);
  });
}
