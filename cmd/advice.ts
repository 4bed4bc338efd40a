import type { Advice, Advise } from "../api/http/advice.ts";
import { storyPathOf } from "../api/http/advice.ts";
import type { ObjectReads } from "../api/http/object_reads.ts";
import { textOfStory } from "../api/http/object_story.ts";
import type { Pod, PodTemplateSpec, Service } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import {
  NAMESPACES,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  REPLICATION_CONTROLLERS,
  type Resource,
  SERVICES,
} from "../api/types/resources.ts";
import { DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS } from "../api/types/apps_v1.ts";
import { STORAGE_CLASSES } from "../api/types/storage_v1.ts";
import { StatusError } from "../api/types/status.ts";
import { explainPod } from "../scheduler/explain.ts";
import { type Asked, storyOf } from "./object_story.ts";
import { textOfExplanation, textOfWhatIf } from "../scheduler/explain_text.ts";
import { DEFAULT_POLICY } from "../scheduler/policy.ts";
import { Snapshot } from "../scheduler/snapshot.ts";
import { type WhatIf, whatIfMore, whatIfNodeGoes } from "../scheduler/what_if.ts";
import { realClock } from "./clock.ts";

type Reads = Pick<ObjectReads, "list" | "get" | "history" | "resourceNamed" | "resourceOfKind">;

const SCALED: Readonly<Record<string, Resource<KubeObject>>> = {
  deployments: DEPLOYMENTS,
  replicasets: REPLICA_SETS,
  statefulsets: STATEFUL_SETS,
  replicationcontrollers: REPLICATION_CONTROLLERS,
};

/** How many pods one question may ask for. */
const MORE_MAX = 10_000;

/** Answers what the scheduler would do, on a copy of the cluster made for each question. */
export function adviser(reads: () => Reads): Advise {
  return (path, query) => {
    const [first, second = "", resource = "", name = "", verb] = path;
    const asked = storyPathOf(path);
    if (asked !== undefined) return explain(reads(), asked);
    const scaled = SCALED[resource];
    if (first === "namespaces" && verb === "whatif" && scaled && path.length === 5) {
      return scale(reads(), scaled, { namespace: second, name }, query);
    }
    if (first === "nodes" && resource === "whatif" && path.length === 3) {
      return leave(reads(), second, query);
    }
    return undefined;
  };
}

/** How the object came about; of a pod also why it is where it is, or nowhere. */
async function explain(reads: Reads, asked: Asked): Promise<Advice> {
  const story = await storyOf(reads, asked);
  const told = { json: story, text: textOfStory(story) };
  if (asked.resource !== "pods") return told;
  const { world, pods } = await worldOf(reads);
  const pod = pods.find(({ metadata }) =>
    metadata.name === asked.name && metadata.namespace === asked.namespace
  );
  if (pod === undefined) return told; // it is gone, and only its story is left
  const json = { ...explainPod(pod, world, DEFAULT_POLICY), story };
  return { json, text: `${textOfExplanation(json)}\n${told.text}` };
}

async function leave(reads: Reads, name: string, query: URLSearchParams): Promise<Advice> {
  const isDrained = query.get("drain") === "true";
  if (!isDrained && query.get("gone") !== "true") {
    throw new StatusError("BadRequest", "ask with gone=true or drain=true");
  }
  const { world, pods, services } = await worldOf(reads);
  if (world.nodeNamed(name) === undefined) throw notFound("nodes", name);
  const question = { world, policy: DEFAULT_POLICY, services, pods };
  return said(whatIfNodeGoes(name, isDrained, question));
}

async function scale(
  reads: Reads,
  resource: Resource<KubeObject>,
  owner: { namespace: string; name: string },
  query: URLSearchParams,
): Promise<Advice> {
  const replicas = Number(query.get("replicas") ?? NaN);
  const { items } = await reads.list(resource, { namespace: owner.namespace });
  const found = items.find(({ metadata }) => metadata.name === owner.name) as Scaled | undefined;
  if (found === undefined) throw notFound(resource.resource, owner.name);
  const { replicas: now = 1, template } = found.spec ?? {};
  const more = replicas - now;
  if (!Number.isInteger(more) || more < 0 || more > MORE_MAX || template === undefined) {
    const range = `a whole number from ${now} to ${now + MORE_MAX}`;
    throw new StatusError("BadRequest", `replicas must be ${range}`);
  }
  const { world } = await worldOf(reads);
  return said(whatIfMore(owner, template, more, { world, policy: DEFAULT_POLICY }));
}

type Scaled = KubeObject & { spec?: { replicas?: number; template?: PodTemplateSpec } };

function said(json: WhatIf): Advice {
  return { json, text: textOfWhatIf(json) };
}

async function worldOf(reads: Reads) {
  const of = async <T extends KubeObject>(resource: Resource<T>) =>
    (await reads.list(resource, {})).items as readonly KubeObject[] as readonly T[];
  const world = new Snapshot(realClock);
  for (const { metadata } of await of(NAMESPACES)) {
    world.counts.setNamespace(metadata.name, metadata.labels ?? {});
  }
  for (const storage of await of(STORAGE_CLASSES)) {
    world.volumes.classes.set(storage.metadata.name, storage);
  }
  for (const volume of await of(PERSISTENT_VOLUMES)) {
    world.volumes.volumes.set(volume.metadata.name, volume);
  }
  for (const claim of await of(PERSISTENT_VOLUME_CLAIMS)) world.volumes.setClaim(claim);
  for (const node of await of(NODES)) world.setNode(node);
  const services: readonly Service[] = await of(SERVICES);
  for (const service of services) world.setService(service);
  const pods: readonly Pod[] = await of(PODS);
  for (const pod of pods) if (pod.spec.nodeName && !isOver(pod)) world.setPod(pod);
  return { world, pods, services };
}

function isOver({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

function notFound(resource: string, name: string): StatusError {
  return new StatusError("NotFound", `${resource} ${JSON.stringify(name)} not found`);
}
