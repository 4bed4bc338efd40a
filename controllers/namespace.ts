import { CUSTOM_RESOURCE_DEFINITIONS } from "../api/types/apiextensions_v1.ts";
import type { Namespace } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { NAMESPACES, PODS, type Resource } from "../api/types/resources.ts";
import type { Cache, Write } from "../client/cache.ts";
import { namespacedResources } from "../client/writes.ts";
import { customResourceOf } from "./custom_resource.ts";
import { type Controller, NOTHING_TO_DO, onChangeOf, type Plan, type World } from "./controller.ts";

/** What this controller removes when the namespace is empty. Source: Kubernetes, core/v1 FinalizerKubernetes. */
const FINALIZER = "kubernetes";
/**
 * Content that is still there is looked at again after this time, which grows with the time that it has taken so
 * far. The end of the last pod is told by its watch.
 */
const RECHECK_FIRST_MS = 10;
const RECHECK_MAX_MS = 30_000;

/**
 * Empties a namespace that is being deleted, every kind of it, and then lets it go.
 * @param resources that the server has besides those that components know
 */
export function namespaceController(
  resources: readonly Resource<KubeObject>[],
): Controller<Namespace> {
  const fixed = onceEach([...namespacedResources(), ...resources].filter(isNamespaced));
  const everyKind = (cache: Cache) => [...fixed, ...customResources(cache).filter(isNamespaced)];
  return {
    name: "namespace-controller",
    reconciles: NAMESPACES,
    concurrency: 2,
    requeueOn: [
      onChangeOf(PODS, ({ before, after }, cache) => {
        const { namespace = "" } = before?.metadata ?? {};
        const isLast = after === undefined && cache.list(PODS, namespace).length === 0;
        return isLast ? [{ namespace: "", name: namespace }] : [];
      }),
      onChangeOf(CUSTOM_RESOURCE_DEFINITIONS, () => []),
    ],
    /** The server refuses new objects by now, so that what it does not list never comes. */
    reads: ({ name }, namespace, cache) =>
      namespace?.metadata.deletionTimestamp === undefined
        ? []
        : everyKind(cache).map((resource) => ({ resource, options: { namespace: name } })),
    plan: (namespace, world) => planEmptying(namespace, everyKind(world.cache), world),
  };
}

function planEmptying(
  namespace: Namespace,
  resources: readonly Resource<KubeObject>[],
  { read, now, since }: World,
): Plan {
  const { metadata, spec } = namespace;
  if (metadata.deletionTimestamp === undefined) return NOTHING_TO_DO;
  const filled = resources.filter((resource) => read(resource).length > 0);
  if (filled.length === 0) {
    const finalizers = (spec.finalizers ?? []).filter((name) => name !== FINALIZER);
    if (finalizers.length === spec.finalizers?.length) return NOTHING_TO_DO;
    return {
      writes: [{ verb: "finalize", object: { ...namespace, spec: { finalizers } } as Namespace }],
    };
  }
  const writes = filled.filter((resource) => read(resource).some(isUntouched))
    .map((resource) => deletionOf(resource, metadata.name));
  const takenMs = now - since("content");
  return { writes, againMs: Math.min(Math.max(RECHECK_FIRST_MS, takenMs), RECHECK_MAX_MS) };
}

function customResources(cache: Cache): readonly Resource<KubeObject>[] {
  return cache.list(CUSTOM_RESOURCE_DEFINITIONS)
    .flatMap((definition) => customResourceOf(definition)?.resource ?? []);
}

const isNamespaced = (resource: Resource<KubeObject>) => resource.isNamespaced;

function onceEach(resources: readonly Resource<KubeObject>[]): readonly Resource<KubeObject>[] {
  const known = new Map(resources.map((one) => [`${one.apiVersion}/${one.resource}`, one]));
  return [...known.values()];
}

function isUntouched({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined;
}

function deletionOf(resource: Resource<KubeObject>, namespace: string): Write {
  return { verb: "deleteCollection", resource, namespace };
}
