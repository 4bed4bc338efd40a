import assert from "node:assert/strict";
import type { Pod } from "../types/core_v1.ts";
import { prepared, refusals, updateRefusals } from "./kinds_fixture.ts";
import { pullPolicyOf } from "./pod_defaults.ts";
import { pods } from "./pods.ts";

Deno.test("row 21: a minimal pod gets every default that Kubernetes gives", () => {
  const pod = prepared<Pod>(pods, {
    metadata: { name: "web" },
    spec: {
      hostNetwork: true,
      containers: [{
        name: "web",
        image: "nginx:1",
        ports: [{ containerPort: 80 }],
        resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } },
        livenessProbe: { httpGet: { port: 80 }, periodSeconds: 0 },
      }],
      volumes: [{ name: "scratch" }],
    },
  });
  assert.deepEqual(pod.spec, {
    containers: [{
      name: "web",
      image: "nginx:1",
      imagePullPolicy: "IfNotPresent",
      ports: [{ containerPort: 80, hostPort: 80, protocol: "TCP" }],
      resources: {
        limits: { cpu: "1", memory: "1Gi" },
        requests: { cpu: "500m", memory: "1Gi" },
      },
      livenessProbe: {
        httpGet: { path: "/", port: 80, scheme: "HTTP" },
        failureThreshold: 3,
        periodSeconds: 10,
        successThreshold: 1,
        timeoutSeconds: 1,
      },
      terminationMessagePath: "/dev/termination-log",
      terminationMessagePolicy: "File",
    }],
    dnsPolicy: "ClusterFirst",
    enableServiceLinks: true,
    hostNetwork: true,
    restartPolicy: "Always",
    schedulerName: "default-scheduler",
    securityContext: {},
    serviceAccount: "default",
    serviceAccountName: "default",
    terminationGracePeriodSeconds: 30,
    volumes: [{ name: "scratch", emptyDir: {} }],
  });
  assert.deepEqual(pod.status, { phase: "Pending", qosClass: "Burstable" });
});

const PULL_POLICIES: readonly [image: string, want: string][] = [
  ["nginx", "Always"],
  ["nginx:latest", "Always"],
  ["nginx:1.25", "IfNotPresent"],
  ["localhost:5000/nginx", "Always"],
  ["localhost:5000/nginx:1.25", "IfNotPresent"],
  ["nginx@sha256:0000", "IfNotPresent"],
  ["nginx:latest@sha256:0000", "Always"],
];
for (const [image, want] of PULL_POLICIES) {
  Deno.test(`row 22: an image without a tag is latest: ${image} is pulled ${want}`, () => {
    assert.equal(pullPolicyOf(image), want);
  });
}

const amounts = (requests: unknown, limits?: unknown) => ({ resources: { requests, limits } });
const CLASSES: readonly [want: string, ...containers: object[]][] = [
  ["BestEffort", {}],
  ["Burstable", amounts({ cpu: "1" })],
  ["Guaranteed", amounts({}, { cpu: "1", memory: "1Gi" })],
  ["Guaranteed", amounts({ cpu: "1000m", memory: "1024Mi" }, { cpu: "1", memory: "1Gi" })],
  ["Burstable", amounts({ cpu: "500m" }, { cpu: "1", memory: "1Gi" })],
  ["Burstable", amounts({}, { cpu: "1", memory: "1Gi" }), {}],
  ["BestEffort", amounts({ "example.com/gpu": "1" }, { "example.com/gpu": "1" })],
];
for (const [want, ...containers] of CLASSES) {
  Deno.test(`quality of service: ${JSON.stringify(containers)} is ${want}`, () => {
    const pod = prepared<Pod>(pods, podOf(...containers));
    assert.equal(pod.status?.qosClass, want);
  });
}

const AT = "spec.containers[0]";
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', " +
  "and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used " +
  "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const REFUSALS: readonly { name: string; pod: object; want: readonly string[] }[] = [
  {
    name: "no containers",
    pod: { metadata: { name: "x" }, spec: {} },
    want: ["spec.containers: Required value"],
  },
  {
    name: "no name and no image: both at once",
    pod: { metadata: { name: "x" }, spec: { containers: [{}] } },
    want: [`${AT}.name: Required value`, `${AT}.image: Required value`],
  },
  {
    name: "row 17: a container's name is a DNS label",
    pod: podOf({ name: "a.b" }),
    want: [`${AT}.name: Invalid value: "a.b": ${LABEL}`],
  },
  {
    name: "row 17: a port's name is a service name",
    pod: podOf({ ports: [{ name: "way-too-long-a-name", containerPort: 80 }] }),
    want: [
      `${AT}.ports[0].name: Invalid value: "way-too-long-a-name": must be no more than 15 characters`,
    ],
  },
  {
    name: "row 24: two containers share a name",
    pod: podOf({ name: "a" }, { name: "a" }),
    want: ['spec.containers[1].name: Duplicate value: "a"'],
  },
  {
    name: "row 24: an init container shares a name with another",
    pod: withSpec({ initContainers: [{ name: "c0", image: "i:1" }] }),
    want: ['spec.initContainers[0].name: Duplicate value: "c0"'],
  },
  {
    name: "row 24: two volumes share a name",
    pod: withSpec({ volumes: [{ name: "v" }, { name: "v" }] }),
    want: ['spec.volumes[1].name: Duplicate value: "v"'],
  },
  {
    name: "row 24: two ports share a host port",
    pod: podOf(
      { ports: [{ containerPort: 80, hostPort: 8080 }] },
      { ports: [{ containerPort: 81, hostPort: 8080 }] },
    ),
    want: ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//8080"'],
  },
  {
    name: "row 24: a mount names no volume",
    pod: podOf({ volumeMounts: [{ name: "nope", mountPath: "/x" }] }),
    want: [`${AT}.volumeMounts[0].name: Not found: "nope"`],
  },
  {
    name: "two mounts in one place",
    pod: withSpec({
      containers: [{
        name: "c",
        image: "i:1",
        volumeMounts: [{ name: "v", mountPath: "/x" }, { name: "v", mountPath: "/x" }],
      }],
      volumes: [{ name: "v" }],
    }),
    want: [`${AT}.volumeMounts[1].mountPath: Invalid value: "/x": must be unique`],
  },
  {
    name: "ports out of range, and names twice",
    pod: podOf({
      ports: [{ name: "a", containerPort: 70000 }, { name: "a", containerPort: 80, hostPort: -1 }],
    }),
    want: [
      `${AT}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive`,
      `${AT}.ports[1].hostPort: Invalid value: -1: must be between 1 and 65535, inclusive`,
      `${AT}.ports[1].name: Duplicate value: "a"`,
    ],
  },
  {
    name: "more asked for than the limit, and less than nothing",
    pod: podOf(amounts({ cpu: "2", memory: "-1" }, { cpu: "1" })),
    want: [
      `${AT}.resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0`,
      `${AT}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`,
    ],
  },
  {
    name: "an unknown resource",
    pod: podOf(amounts({}, { gpu: "1" })),
    want: [
      `${AT}.resources.limits[gpu]: Invalid value: "gpu": must be a standard resource type or ` +
      "fully qualified",
      `${AT}.resources.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers`,
      `${AT}.resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or ` +
      "fully qualified",
      `${AT}.resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for ` +
      "containers",
    ],
  },
  {
    name: "a variable with two sources",
    pod: podOf({
      env: [{
        name: "A",
        valueFrom: {
          fieldRef: { fieldPath: "spec.foo" },
          secretKeyRef: { name: "s", key: "k" },
        },
      }],
    }),
    want: [
      `${AT}.env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time`,
      `${AT}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.foo": error converting ` +
      "fieldPath: field label not supported: spec.foo",
    ],
  },
  {
    name: "a volume with two sources",
    pod: withSpec({ volumes: [{ name: "v", emptyDir: {}, hostPath: { path: "/x" } }] }),
    want: ["spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"],
  },
  {
    name: "a path out of a volume",
    pod: withSpec({
      volumes: [{ name: "v", configMap: { name: "c", items: [{ key: "k", path: "../x" }] } }],
    }),
    want: [
      `spec.volumes[0].configMap.items[0].path: Invalid value: "../x": must not contain '..'`,
    ],
  },
  {
    name: "a probe without and a probe with too many handlers",
    pod: podOf({
      livenessProbe: { successThreshold: 2 },
      readinessProbe: { exec: { command: ["true"] }, tcpSocket: { port: 80 } },
    }),
    want: [
      `${AT}.livenessProbe: Required value: must specify a handler type`,
      `${AT}.livenessProbe.successThreshold: Invalid value: 2: must be 1`,
      `${AT}.readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`,
    ],
  },
  {
    name: "an unknown restart policy",
    pod: withSpec({ restartPolicy: "Sometimes" }),
    want: [
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", ' +
      '"OnFailure", "Never"',
    ],
  },
  {
    name: "own DNS without a server",
    pod: withSpec({ dnsPolicy: "None" }),
    want: [
      "spec.dnsConfig: Required value: must provide at least one DNS nameserver when " +
      "`dnsPolicy` is None",
    ],
  },
  {
    name: "a probe of an init container",
    pod: withSpec({
      initContainers: [{ name: "i", image: "i:1", livenessProbe: { tcpSocket: { port: 1 } } }],
    }),
    want: [
      "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers " +
      "without restartPolicy=Always",
    ],
  },
];
for (const { name, pod, want } of REFUSALS) {
  Deno.test(`pods: refuses ${name}`, () => {
    assert.deepEqual(refusals(pods, pod as Record<string, unknown>), want);
  });
}

Deno.test("pods: accepts what uses everything", () => {
  const pod = withSpec({
    initContainers: [{ name: "side", image: "i:1", restartPolicy: "Always" }],
    containers: [{
      name: "c",
      image: "registry.example.com/i:1",
      env: [
        { name: "A", value: "1" },
        { name: "B", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: "C", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
        { name: "D", valueFrom: { configMapKeyRef: { name: "c", key: "k" } } },
      ],
      envFrom: [{ prefix: "X_", secretRef: { name: "s" } }],
      lifecycle: { preStop: { exec: { command: ["sleep", "1"] } } },
      livenessProbe: { httpGet: { port: "http", httpHeaders: [{ name: "X-A", value: "" }] } },
      ports: [{ name: "http", containerPort: 80 }],
      resources: { limits: { "example.com/gpu": "2" } },
      volumeMounts: [{ name: "v", mountPath: "/v", subPath: "a/b" }],
    }],
    volumes: [
      { name: "v", emptyDir: { sizeLimit: "1Gi" } },
      { name: "h", hostPath: { path: "/var" } },
      { name: "s", secret: { secretName: "s", items: [{ key: "k", path: "d/k", mode: 256 }] } },
      {
        name: "d",
        downwardAPI: { items: [{ path: "l", fieldRef: { fieldPath: "metadata.labels" } }] },
      },
      { name: "p", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
    ],
    tolerations: [{ operator: "Exists" }],
    nodeSelector: { "kubernetes.io/hostname": "n" },
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{
          weight: 1,
          preference: { matchExpressions: [{ key: "a", operator: "Exists" }] },
        }],
      },
    },
  });
  assert.deepEqual(refusals(pods, pod), []);
});

const ONLY = "spec: Forbidden: pod updates may not change fields other than " +
  "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`," +
  "`spec.tolerations` (only additions to existing tolerations)," +
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

const UPDATES: readonly { name: string; change: (pod: Pod) => void; want: readonly string[] }[] = [
  {
    name: "its image may change",
    change: (pod) => pod.spec.containers[0]!.image = "i:2",
    want: [],
  },
  {
    name: "its command may not",
    change: (pod) => pod.spec.containers[0]!.command = ["x"],
    want: [`${ONLY}\nchanged: spec.containers[0].command`],
  },
  {
    name: "its node may not, by an update",
    change: (pod) => pod.spec.nodeName = "n2",
    want: [`${ONLY}\nchanged: spec.nodeName`],
  },
  {
    name: "containers neither come nor go",
    change: (pod) => pod.spec.containers.push({ name: "d", image: "i:1" }),
    want: ["spec.containers: Forbidden: pod updates may not add or remove containers"],
  },
  {
    name: "a toleration may come",
    change: (pod) => pod.spec.tolerations = [{ key: "a", operator: "Exists" }],
    want: [],
  },
  {
    name: "a deadline may come",
    change: (pod) => pod.spec.activeDeadlineSeconds = 60,
    want: [],
  },
  {
    name: "labels may change",
    change: (pod) => pod.metadata.labels = { a: "b" },
    want: [],
  },
  {
    name: "row 18: the time of its creation is not the client's, and no mistake",
    change: (pod) => pod.metadata.creationTimestamp = "2020-01-01T00:00:00Z",
    want: [],
  },
];
for (const { name, change, want } of UPDATES) {
  Deno.test(`row 19: of a pod, ${name}`, () => {
    const changed = (pod: Pod) => {
      change(pod);
      return pod;
    };
    assert.deepEqual(updateRefusals<Pod>(pods, podOf({}), changed), want);
  });
}

/** A pod of containers c0, c1 … with these fields. */
function podOf(...containers: object[]) {
  return withSpec({
    containers: containers.map((fields, i) => ({ name: `c${i}`, image: "i:1", ...fields })),
  });
}

function withSpec(spec: object): Record<string, unknown> {
  const containers = [{ name: "c0", image: "i:1" }];
  return { metadata: { name: "x" }, spec: { containers, ...spec } };
}
