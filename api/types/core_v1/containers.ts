import {
  boolean,
  defaulted,
  type Infer,
  inlined,
  int32,
  int64,
  intOrString,
  list,
  map,
  messagesOf,
  oneOf,
  optional,
  quantity,
  required,
  string,
  time,
} from "../schema.ts";
import { LocalObjectReference } from "./references.ts";
import { ResourceRequirements } from "./resources.ts";
import { ObjectFieldSelector, ResourceFieldSelector } from "./volumes.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const ConfigMapNodeConfigSource = message("ConfigMapNodeConfigSource", {
  kubeletConfigKey: required(5, string),
  name: required(2, string),
  namespace: required(1, string),
  resourceVersion: optional(4, string),
  uid: optional(3, string),
});
export interface ConfigMapNodeConfigSource extends Infer<typeof ConfigMapNodeConfigSource> {}

export const ConfigMapKeySelector = message("ConfigMapKeySelector", {
  key: required(2, string),
  ...inlined(1, LocalObjectReference.fields),
  optional: optional(3, boolean),
}, { isAtomic: true });
export interface ConfigMapKeySelector extends Infer<typeof ConfigMapKeySelector> {}

export const SecretKeySelector = message("SecretKeySelector", {
  key: required(2, string),
  ...inlined(1, LocalObjectReference.fields),
  optional: optional(3, boolean),
}, { isAtomic: true });
export interface SecretKeySelector extends Infer<typeof SecretKeySelector> {}

export const EnvVarSource = message("EnvVarSource", {
  configMapKeyRef: optional(3, ConfigMapKeySelector),
  fieldRef: optional(1, ObjectFieldSelector),
  resourceFieldRef: optional(2, ResourceFieldSelector),
  secretKeyRef: optional(4, SecretKeySelector),
});
export interface EnvVarSource extends Infer<typeof EnvVarSource> {}

export const EnvVar = message("EnvVar", {
  name: required(1, string),
  value: optional(2, string),
  valueFrom: optional(3, EnvVarSource),
});
export interface EnvVar extends Infer<typeof EnvVar> {}

export const ConfigMapEnvSource = message("ConfigMapEnvSource", {
  ...inlined(1, LocalObjectReference.fields),
  optional: optional(2, boolean),
});
export interface ConfigMapEnvSource extends Infer<typeof ConfigMapEnvSource> {}

export const SecretEnvSource = message("SecretEnvSource", {
  ...inlined(1, LocalObjectReference.fields),
  optional: optional(2, boolean),
});
export interface SecretEnvSource extends Infer<typeof SecretEnvSource> {}

export const EnvFromSource = message("EnvFromSource", {
  configMapRef: optional(2, ConfigMapEnvSource),
  prefix: optional(1, string),
  secretRef: optional(3, SecretEnvSource),
});
export interface EnvFromSource extends Infer<typeof EnvFromSource> {}

export const ExecAction = message("ExecAction", {
  command: optional(1, list(string)),
});
export interface ExecAction extends Infer<typeof ExecAction> {}

export const HTTPHeader = message("HTTPHeader", {
  name: required(1, string),
  value: required(2, string),
});
export interface HTTPHeader extends Infer<typeof HTTPHeader> {}

export const HTTPGetAction = message("HTTPGetAction", {
  host: optional(3, string),
  httpHeaders: optional(5, list(HTTPHeader)),
  path: defaulted(1, string, "/"),
  port: required(2, intOrString),
  scheme: defaulted(4, oneOf("HTTP", "HTTPS"), "HTTP"),
});
export interface HTTPGetAction extends Infer<typeof HTTPGetAction> {}

export const TCPSocketAction = message("TCPSocketAction", {
  host: optional(2, string),
  port: required(1, intOrString),
});
export interface TCPSocketAction extends Infer<typeof TCPSocketAction> {}

export const SleepAction = message("SleepAction", {
  seconds: required(1, int64),
});
export interface SleepAction extends Infer<typeof SleepAction> {}

export const LifecycleHandler = message("LifecycleHandler", {
  exec: optional(1, ExecAction),
  httpGet: optional(2, HTTPGetAction),
  sleep: optional(4, SleepAction),
  tcpSocket: optional(3, TCPSocketAction),
});
export interface LifecycleHandler extends Infer<typeof LifecycleHandler> {}

export const Lifecycle = message("Lifecycle", {
  postStart: optional(1, LifecycleHandler),
  preStop: optional(2, LifecycleHandler),
});
export interface Lifecycle extends Infer<typeof Lifecycle> {}

export const GRPCAction = message("GRPCAction", {
  port: required(1, int32),
  service: optional(2, string),
});
export interface GRPCAction extends Infer<typeof GRPCAction> {}

export const Probe = message("Probe", {
  ...inlined(1, {
    exec: optional(1, ExecAction),
    grpc: optional(4, GRPCAction),
    httpGet: optional(2, HTTPGetAction),
    tcpSocket: optional(3, TCPSocketAction),
  }),
  failureThreshold: defaulted(6, int32, 3),
  initialDelaySeconds: optional(2, int32),
  periodSeconds: defaulted(4, int32, 10),
  successThreshold: defaulted(5, int32, 1),
  terminationGracePeriodSeconds: optional(7, int64),
  timeoutSeconds: defaulted(3, int32, 1),
});
export interface Probe extends Infer<typeof Probe> {}

export const ContainerPort = message("ContainerPort", {
  containerPort: required(3, int32),
  hostIP: optional(5, string),
  hostPort: optional(2, int32, "Port taken on the node; 0 or absent takes none."),
  name: optional(1, string),
  protocol: defaulted(4, oneOf("TCP", "UDP", "SCTP"), "TCP"),
});
export interface ContainerPort extends Infer<typeof ContainerPort> {}

export const ContainerResizePolicy = message("ContainerResizePolicy", {
  resourceName: required(1, string),
  restartPolicy: required(2, string),
});
export interface ContainerResizePolicy extends Infer<typeof ContainerResizePolicy> {}

export const Capabilities = message("Capabilities", {
  add: optional(1, list(string)),
  drop: optional(2, list(string)),
});
export interface Capabilities extends Infer<typeof Capabilities> {}

export const SELinuxOptions = message("SELinuxOptions", {
  level: optional(4, string),
  role: optional(2, string),
  type: optional(3, string),
  user: optional(1, string),
});
export interface SELinuxOptions extends Infer<typeof SELinuxOptions> {}

export const SeccompProfile = message("SeccompProfile", {
  localhostProfile: optional(2, string),
  type: required(1, string),
});
export interface SeccompProfile extends Infer<typeof SeccompProfile> {}

export const AppArmorProfile = message("AppArmorProfile", {
  localhostProfile: optional(2, string),
  type: required(1, string),
});
export interface AppArmorProfile extends Infer<typeof AppArmorProfile> {}

export const WindowsSecurityContextOptions = message("WindowsSecurityContextOptions", {
  gmsaCredentialSpec: optional(2, string),
  gmsaCredentialSpecName: optional(1, string),
  hostProcess: optional(4, boolean),
  runAsUserName: optional(3, string),
});
export interface WindowsSecurityContextOptions
  extends Infer<typeof WindowsSecurityContextOptions> {}

export const SecurityContext = message("SecurityContext", {
  allowPrivilegeEscalation: optional(7, boolean),
  appArmorProfile: optional(12, AppArmorProfile),
  capabilities: optional(1, Capabilities),
  privileged: optional(2, boolean),
  procMount: optional(9, string),
  readOnlyRootFilesystem: optional(6, boolean),
  runAsGroup: optional(8, int64),
  runAsNonRoot: optional(5, boolean),
  runAsUser: optional(4, int64),
  seLinuxOptions: optional(3, SELinuxOptions),
  seccompProfile: optional(11, SeccompProfile),
  windowsOptions: optional(10, WindowsSecurityContextOptions),
});
export interface SecurityContext extends Infer<typeof SecurityContext> {}

export const VolumeDevice = message("VolumeDevice", {
  devicePath: required(2, string),
  name: required(1, string),
});
export interface VolumeDevice extends Infer<typeof VolumeDevice> {}

export const VolumeMount = message("VolumeMount", {
  mountPath: required(3, string),
  mountPropagation: optional(5, string),
  name: required(1, string),
  readOnly: optional(2, boolean),
  recursiveReadOnly: optional(7, string),
  subPath: optional(4, string),
  subPathExpr: optional(6, string),
});
export interface VolumeMount extends Infer<typeof VolumeMount> {}

export const Container = message("Container", {
  args: optional(
    4,
    list(string),
    "Replaces the image's default arguments. $(NAME) is replaced by the variable NAME.",
  ),
  command: optional(
    3,
    list(string),
    "Replaces the image's entrypoint. $(NAME) is replaced by the variable NAME.",
  ),
  env: optional(7, list(EnvVar, { mergeKey: "name" })),
  envFrom: optional(19, list(EnvFromSource)),
  image: optional(2, string),
  imagePullPolicy: optional(
    14,
    oneOf("Always", "Never", "IfNotPresent"),
    "Always when the tag is latest or absent, otherwise IfNotPresent.",
  ),
  lifecycle: optional(12, Lifecycle),
  livenessProbe: optional(10, Probe),
  name: required(1, string, "Unique in the pod; a DNS label."),
  ports: optional(
    6,
    list(ContainerPort, { mergeKey: "containerPort", mapKeys: ["containerPort", "protocol"] }),
  ),
  readinessProbe: optional(11, Probe),
  resizePolicy: optional(23, list(ContainerResizePolicy)),
  resources: optional(8, ResourceRequirements),
  restartPolicy: optional(24, oneOf("Always")),
  securityContext: optional(15, SecurityContext),
  startupProbe: optional(22, Probe),
  stdin: optional(16, boolean),
  stdinOnce: optional(17, boolean),
  terminationMessagePath: defaulted(13, string, "/dev/termination-log"),
  terminationMessagePolicy: defaulted(20, oneOf("File", "FallbackToLogsOnError"), "File"),
  tty: optional(18, boolean),
  volumeDevices: optional(21, list(VolumeDevice, { mergeKey: "devicePath" })),
  volumeMounts: optional(9, list(VolumeMount, { mergeKey: "mountPath" })),
  workingDir: optional(5, string),
});
export interface Container extends Infer<typeof Container> {}

export const EphemeralContainer = message("EphemeralContainer", {
  ...inlined(1, {
    args: optional(4, list(string)),
    command: optional(3, list(string)),
    env: optional(7, list(EnvVar, { mergeKey: "name" })),
    envFrom: optional(19, list(EnvFromSource)),
    image: optional(2, string),
    imagePullPolicy: optional(14, oneOf("Always", "Never", "IfNotPresent")),
    lifecycle: optional(12, Lifecycle),
    livenessProbe: optional(10, Probe),
    name: required(1, string),
    ports: optional(
      6,
      list(ContainerPort, { mergeKey: "containerPort", mapKeys: ["containerPort", "protocol"] }),
    ),
    readinessProbe: optional(11, Probe),
    resizePolicy: optional(23, list(ContainerResizePolicy)),
    resources: optional(8, ResourceRequirements),
    restartPolicy: optional(24, string),
    securityContext: optional(15, SecurityContext),
    startupProbe: optional(22, Probe),
    stdin: optional(16, boolean),
    stdinOnce: optional(17, boolean),
    terminationMessagePath: optional(13, string),
    terminationMessagePolicy: optional(20, oneOf("File", "FallbackToLogsOnError")),
    tty: optional(18, boolean),
    volumeDevices: optional(21, list(VolumeDevice, { mergeKey: "devicePath" })),
    volumeMounts: optional(9, list(VolumeMount, { mergeKey: "mountPath" })),
    workingDir: optional(5, string),
  }),
  targetContainerName: optional(2, string),
});
export interface EphemeralContainer extends Infer<typeof EphemeralContainer> {}

export const Sysctl = message("Sysctl", {
  name: required(1, string),
  value: required(2, string),
});
export interface Sysctl extends Infer<typeof Sysctl> {}

export const ContainerStateRunning = message("ContainerStateRunning", {
  startedAt: optional(1, time),
});
export interface ContainerStateRunning extends Infer<typeof ContainerStateRunning> {}

export const ContainerStateTerminated = message("ContainerStateTerminated", {
  containerID: optional(7, string),
  exitCode: required(1, int32),
  finishedAt: optional(6, time),
  message: optional(4, string),
  reason: optional(3, string),
  signal: optional(2, int32),
  startedAt: optional(5, time),
});
export interface ContainerStateTerminated extends Infer<typeof ContainerStateTerminated> {}

export const ContainerStateWaiting = message("ContainerStateWaiting", {
  message: optional(2, string),
  reason: optional(1, string),
});
export interface ContainerStateWaiting extends Infer<typeof ContainerStateWaiting> {}

export const ContainerState = message("ContainerState", {
  running: optional(2, ContainerStateRunning),
  terminated: optional(3, ContainerStateTerminated),
  waiting: optional(1, ContainerStateWaiting),
});
export interface ContainerState extends Infer<typeof ContainerState> {}

export const ContainerStatus = message("ContainerStatus", {
  allocatedResources: optional(10, map(quantity)),
  containerID: optional(8, string),
  image: required(6, string),
  imageID: required(7, string),
  lastState: optional(3, ContainerState),
  name: required(1, string),
  ready: required(4, boolean),
  resources: optional(11, ResourceRequirements),
  restartCount: required(5, int32),
  started: optional(9, boolean),
  state: optional(2, ContainerState),
});
export interface ContainerStatus extends Infer<typeof ContainerStatus> {}
