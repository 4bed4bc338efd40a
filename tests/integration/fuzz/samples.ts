export type Json = Readonly<Record<string, unknown>>;

const labels = { app: "a" };
const selector = { matchLabels: labels };
const pod = {
  containers: [{
    name: "a",
    image: "nginx",
    ports: [{ name: "http", containerPort: 80 }],
    env: [{ name: "A", value: "1" }],
    resources: { requests: { cpu: "100m" } },
    volumeMounts: [{ name: "v", mountPath: "/v" }],
    livenessProbe: { httpGet: { path: "/", port: "http" } },
  }],
  volumes: [{ name: "v", emptyDir: {} }],
};
const template = { metadata: { labels }, spec: pod };
const once = { metadata: { labels }, spec: { ...pod, restartPolicy: "Never" } };
const subjects = [{ kind: "User", name: "a", apiGroup: "rbac.authorization.k8s.io" }];

/** An object of a kind that is taken as it is, where the schema alone would hardly ever make one. */
export const SAMPLES: Readonly<Record<string, Json>> = {
  Pod: { spec: pod },
  PodTemplate: { template },
  ReplicationController: { spec: { replicas: 1, selector: labels, template } },
  Service: { spec: { selector: labels, ports: [{ port: 80 }] } },
  Endpoints: { subsets: [{ addresses: [{ ip: "192.0.2.1" }], ports: [{ port: 80 }] }] },
  EndpointSlice: {
    addressType: "IPv4",
    endpoints: [{ addresses: ["192.0.2.1"] }],
    ports: [{ port: 80 }],
  },
  ConfigMap: { data: { a: "1" } },
  Secret: { stringData: { a: "1" } },
  Event: { involvedObject: { kind: "Pod", name: "x", namespace: "default" }, reason: "Tested" },
  Deployment: { spec: { selector, template } },
  ReplicaSet: { spec: { selector, template } },
  DaemonSet: { spec: { selector, template } },
  StatefulSet: { spec: { selector, template, serviceName: "a" } },
  ControllerRevision: { revision: 1, data: {} },
  Job: { spec: { template: once } },
  CronJob: { spec: { schedule: "@daily", jobTemplate: { spec: { template: once } } } },
  HorizontalPodAutoscaler: {
    spec: {
      maxReplicas: 3,
      scaleTargetRef: { kind: "Deployment", name: "a", apiVersion: "apps/v1" },
    },
  },
  PodDisruptionBudget: { spec: { minAvailable: 1, selector } },
  NetworkPolicy: { spec: { podSelector: {}, ingress: [{}] } },
  Ingress: { spec: { defaultBackend: { service: { name: "a", port: { number: 80 } } } } },
  IngressClass: { spec: { controller: "x.io/y" } },
  PriorityClass: { value: 10 },
  StorageClass: { provisioner: "x.io/y" },
  RuntimeClass: { handler: "runc" },
  ResourceQuota: { spec: { hard: { pods: "10" } } },
  LimitRange: { spec: { limits: [{ type: "Container", default: { cpu: "1" } }] } },
  PersistentVolume: {
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      hostPath: { path: "/v" },
    },
  },
  PersistentVolumeClaim: {
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  },
  Role: { rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] },
  ClusterRole: { rules: [{ nonResourceURLs: ["/healthz"], verbs: ["get"] }] },
  RoleBinding: {
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "a" },
    subjects,
  },
  ClusterRoleBinding: {
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "a" },
    subjects,
  },
};
