import type { Container, Pod, PodSpec, Probe, Volume } from "../types/core_v1.ts";

type Quantities = Readonly<Record<string, string>>;

/** What a pod gets beyond its template: Kubernetes fills these in when the pod itself is created. */
export function defaultPod(pod: Pod): Pod {
  const spec = defaultPodSpec(pod.spec);
  const perContainer = (container: Container) =>
    withHostPorts(withRequests(container), spec.hostNetwork ?? false);
  const account = spec.serviceAccountName || "default";
  return {
    ...pod,
    spec: {
      ...spec,
      containers: (spec.containers ?? []).map(perContainer),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(perContainer) }),
      serviceAccountName: account,
      serviceAccount: account,
    },
  };
}

/** What pods and templates of pods share. */
export function defaultPodSpec(spec: PodSpec): PodSpec {
  const account = spec.serviceAccountName || spec.serviceAccount;
  return {
    ...spec,
    containers: (spec.containers ?? []).map(defaultContainer),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(defaultContainer) }),
    ...(spec.volumes && { volumes: spec.volumes.map(defaultVolume) }),
    securityContext: spec.securityContext ?? {},
    ...(account && { serviceAccountName: account, serviceAccount: account }),
  };
}

function defaultContainer(container: Container): Container {
  return {
    ...container,
    imagePullPolicy: container.imagePullPolicy || pullPolicyOf(container.image ?? ""),
    resources: container.resources ?? {},
    ...(container.livenessProbe && { livenessProbe: withTimes(container.livenessProbe) }),
    ...(container.readinessProbe && { readinessProbe: withTimes(container.readinessProbe) }),
    ...(container.startupProbe && { startupProbe: withTimes(container.startupProbe) }),
  };
}

/** For a probe 0 is the same as leaving it out. */
function withTimes(probe: Probe): Probe {
  return {
    ...probe,
    timeoutSeconds: probe.timeoutSeconds || 1,
    periodSeconds: probe.periodSeconds || 10,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
  };
}

/** Neither tag nor digest is the tag `latest`, which may change under its name. */
export function pullPolicyOf(image: string): "Always" | "IfNotPresent" {
  const [name = "", digest] = image.split("@");
  const tag = name.slice(name.lastIndexOf("/") + 1).split(":")[1];
  const isLatest = tag === "latest" || (tag === undefined && digest === undefined);
  return isLatest ? "Always" : "IfNotPresent";
}

function defaultVolume(volume: Volume): Volume {
  return Object.keys(volume).some((field) => field !== "name")
    ? volume
    : { ...volume, emptyDir: {} };
}

/** Who limits a resource and does not say what is asked for asks for the limit. */
function withRequests(container: Container): Container {
  const { limits, requests } = container.resources ?? {};
  if (limits === undefined || !lacksOne(limits, requests)) return container;
  const resources = { ...container.resources, requests: { ...limits, ...requests } };
  return { ...container, resources };
}

function lacksOne(limits: Quantities, requests: Quantities = {}): boolean {
  return Object.keys(limits).some((resource) => !(resource in requests));
}

/** On the node's own network a container's port is the node's port. */
function withHostPorts(container: Container, isOnHost: boolean): Container {
  if (!isOnHost || container.ports === undefined) return container;
  const ports = container.ports.map((port) =>
    port.hostPort ? port : { ...port, hostPort: port.containerPort }
  );
  return { ...container, ports };
}
