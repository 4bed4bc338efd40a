import { Buffer } from "node:buffer";
import type {
  ConfigMap,
  Container,
  EnvFromSource,
  EnvVar,
  Pod,
  Secret,
  Service,
} from "../api/types/core_v1.ts";
import { fieldValue, needsAddress, type PodFacts, resourceValue } from "./pod_fields.ts";
import { serviceVariables } from "./service_variables.ts";

/** What the environment of a container is made from. A reference that was asked for and not found is absent. */
export interface EnvironmentSources {
  readonly pod: Pod;
  readonly facts: PodFacts;
  /** Those of the pod's namespace and of `default`. */
  readonly services: readonly Service[];
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
}

/** Why a container can't be started as it is configured; kubectl shows the message. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

/** Names of the config maps and secrets that a container's environment asks for. */
export function environmentReferences(
  { env = [], envFrom = [] }: Container,
): { configMaps: string[]; secrets: string[] } {
  const configMaps = [
    ...envFrom.map(({ configMapRef }) => configMapRef?.name),
    ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
  ];
  const secrets = [
    ...envFrom.map(({ secretRef }) => secretRef?.name),
    ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
  ];
  const named = (names: (string | undefined)[]) => [...new Set(names.filter((name) => !!name))];
  return { configMaps: named(configMaps) as string[], secrets: named(secrets) as string[] };
}

/** True when a variable can't be known before the pod has its address. */
export function environmentNeedsAddress({ env = [] }: Container): boolean {
  return env.some(({ valueFrom }) => needsAddress(valueFrom?.fieldRef?.fieldPath));
}

/**
 * The variables of a container, later ones winning over earlier ones: services, then `envFrom`, then `env`,
 * in which `$(NAME)` stands for a variable before it. Source: kubelet, makeEnvironmentVariables.
 * @throws {ConfigurationError} when a reference that is not optional is missing
 */
export function environmentOf(
  container: Container,
  sources: EnvironmentSources,
): Map<string, string> {
  const { pod, services } = sources;
  const { namespace = "" } = pod.metadata;
  const ofServices = new Map(
    serviceVariables(services, namespace, pod.spec.enableServiceLinks ?? true),
  );
  const own = new Map(variablesFrom(container, sources));
  const lookUp = (name: string) => own.get(name) ?? ofServices.get(name);
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom === undefined
      ? expand(variable.value ?? "", lookUp)
      : referencedValue(container, variable, sources);
    if (value !== undefined) own.set(variable.name, value);
  }
  for (const [name, value] of ofServices) if (!own.has(name)) own.set(name, value);
  return own;
}

/**
 * Puts variables in the place of `$(NAME)`; `$$` is a dollar, and what is unknown stays as it is written.
 * Source: k8s.io/kubernetes, third_party/forked/golang/expansion.
 */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replaceAll(
    /\$(?:\$|\(([^)]*)\))/g,
    (written, name?: string) => name === undefined ? "$" : lookUp(name) ?? written,
  );
}

const VARIABLE_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

/** Keys that can't name a variable are left out. */
function variablesFrom({ envFrom = [] }: Container, sources: EnvironmentSources) {
  return envFrom.flatMap((source) =>
    variablesOf(source, sources).filter(([name]) => VARIABLE_NAME.test(name))
  );
}

function variablesOf(
  { prefix = "", configMapRef, secretRef }: EnvFromSource,
  { configMaps, secrets }: EnvironmentSources,
): [string, string][] {
  const values = configMapRef !== undefined
    ? found(configMaps, "configmap", configMapRef)?.data ?? {}
    : secretRef !== undefined
    ? decodedSecret(found(secrets, "secret", secretRef))
    : {};
  return Object.entries(values).map(([key, value]) => [prefix + key, value]);
}

/** What `envFrom` leaves out, as the kubelet's event tells it; a sentence for each of its sources. */
export function skippedKeys(
  { envFrom = [] }: Container,
  sources: EnvironmentSources,
): string[] {
  return envFrom.flatMap((source) => {
    const names = variablesOf(source, sources).map(([name]) => name);
    const invalid = names.filter((name) => !VARIABLE_NAME.test(name)).sort();
    if (invalid.length === 0) return [];
    const kind = source.configMapRef === undefined ? "secret" : "configMap";
    const name = (source.configMapRef ?? source.secretRef)?.name;
    return `Keys [${invalid.join(", ")}] from the EnvFrom ${kind} ` +
      `${sources.pod.metadata.namespace}/${name} were skipped since they are considered invalid ` +
      "environment variable names.";
  });
}

function referencedValue(
  container: Container,
  { valueFrom = {} }: EnvVar,
  { pod, facts, configMaps, secrets }: EnvironmentSources,
): string | undefined {
  const { configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef } = valueFrom;
  const { namespace = "" } = pod.metadata;
  if (configMapKeyRef !== undefined) {
    const values = found(configMaps, "configmap", configMapKeyRef)?.data ?? {};
    return keyed(values, configMapKeyRef, `ConfigMap ${namespace}`);
  }
  if (secretKeyRef !== undefined) {
    const values = decodedSecret(found(secrets, "secret", secretKeyRef));
    return keyed(values, secretKeyRef, `Secret ${namespace}`);
  }
  if (fieldRef !== undefined) {
    const value = fieldValue(pod, facts, fieldRef.fieldPath);
    if (value !== undefined) return value;
    throw new ConfigurationError(`unsupported fieldPath: ${fieldRef.fieldPath}`);
  }
  if (resourceFieldRef === undefined) return "";
  const { containerName = container.name } = resourceFieldRef;
  const all = [...pod.spec.containers, ...pod.spec.initContainers ?? []];
  const of = all.find(({ name }) => name === containerName) ?? container;
  const value = resourceValue(of, facts, resourceFieldRef);
  if (value !== undefined) return value;
  throw new ConfigurationError(`unsupported container resource : ${resourceFieldRef.resource}`);
}

/** @throws {ConfigurationError} in the words of the API's answer */
function found<T>(
  objects: ReadonlyMap<string, T>,
  kind: "configmap" | "secret",
  { name = "", optional = false }: { name?: string; optional?: boolean },
): T | undefined {
  const object = objects.get(name);
  if (object !== undefined || optional) return object;
  throw new ConfigurationError(`${kind} ${JSON.stringify(name)} not found`);
}

function keyed(
  values: Readonly<Record<string, string>>,
  { key, name = "", optional = false }: { key: string; name?: string; optional?: boolean },
  place: string,
): string | undefined {
  const value = values[key];
  if (value !== undefined || optional) return value;
  throw new ConfigurationError(`couldn't find key ${key} in ${place}/${name}`);
}

function decodedSecret(secret: Secret | undefined): Record<string, string> {
  const entries = Object.entries(secret?.data ?? {});
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
  );
}
