import type { Advice, Advise } from "../api/http/advice.ts";
import { storyPathOf } from "../api/http/advice.ts";
import type { ObjectReads } from "../api/http/object_reads.ts";
import { textOfStory } from "../api/http/object_story.ts";
import type { PodTemplateSpec } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { REPLICATION_CONTROLLERS, type Resource } from "../api/types/resources.ts";
import { DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS } from "../api/types/apps_v1.ts";
import { StatusError } from "../api/types/status.ts";
import { explainPod } from "../scheduler/explain.ts";
import { textOfExplanation, textOfWhatIf } from "../scheduler/explain_text.ts";
import { DEFAULT_POLICY, type Policy } from "../scheduler/policy.ts";
import { podsLeaving, type WhatIf, whatIfMore, whatIfNodeGoes } from "../scheduler/what_if.ts";
import { budgetsWithout, fewer, whoElseSizes } from "./advice_scale.ts";
import { worldOf } from "./advice_world.ts";
import { type Asked, storyOf } from "./object_story.ts";

type Reads = Pick<ObjectReads, "list" | "get" | "history" | "resourceNamed" | "resourceOfKind">;

/** What there is, and how a node is chosen. */
interface Sources {
  readonly reads: Reads;
  readonly policy: Policy;
}

const SCALED: Readonly<Record<string, Resource<KubeObject>>> = {
  deployments: DEPLOYMENTS,
  replicasets: REPLICA_SETS,
  statefulsets: STATEFUL_SETS,
  replicationcontrollers: REPLICATION_CONTROLLERS,
};

/** How many pods one question may ask for. */
const MORE_MAX = 10_000;

/** Answers what a scheduler of this policy would do, on a copy of the cluster made for each question. */
export function adviser(reads: () => Reads, policy: Policy = DEFAULT_POLICY): Advise {
  const sources = (): Sources => ({ reads: reads(), policy });
  return (path, query) => {
    const [first, second = "", resource = "", name = "", verb] = path;
    const asked = storyPathOf(path);
    if (asked !== undefined) return explain(sources(), asked);
    const scaled = SCALED[resource];
    if (first === "namespaces" && verb === "whatif" && scaled && path.length === 5) {
      return scale(sources(), scaled, { namespace: second, name }, query);
    }
    if (first === "nodes" && resource === "whatif" && path.length === 3) {
      return leave(sources(), second, query);
    }
    return undefined;
  };
}

/** How the object came about; of a pod also why it is where it is, or nowhere. */
async function explain({ reads, policy }: Sources, asked: Asked): Promise<Advice> {
  const story = await storyOf(reads, asked);
  const told = { json: story, text: textOfStory(story) };
  if (asked.resource !== "pods") return told;
  const { world, pods } = await worldOf(reads);
  const pod = pods.find(({ metadata }) =>
    metadata.name === asked.name && metadata.namespace === asked.namespace
  );
  if (pod === undefined) return told; // it is gone, and only its story is left
  const json = { ...explainPod(pod, world, policy), story };
  return { json, text: `${textOfExplanation(json)}\n${told.text}` };
}

async function leave(
  { reads, policy }: Sources,
  name: string,
  query: URLSearchParams,
): Promise<Advice> {
  const isDrained = query.get("drain") === "true";
  if (!isDrained && query.get("gone") !== "true") {
    throw new StatusError("BadRequest", "ask with gone=true or drain=true");
  }
  const { world, pods, services } = await worldOf(reads);
  if (world.nodeNamed(name) === undefined) throw notFound("nodes", name);
  const leaving = podsLeaving(name, world).map(({ pod }) => pod);
  const question = { world, policy, services, pods };
  const answer = whatIfNodeGoes(name, isDrained, question);
  return said({ ...answer, budgetsHurt: await budgetsWithout(leaving, reads) });
}

type Scaled = KubeObject & { spec?: { replicas?: number; template?: PodTemplateSpec } };

async function scale(
  { reads, policy }: Sources,
  resource: Resource<KubeObject>,
  owner: { namespace: string; name: string },
  query: URLSearchParams,
): Promise<Advice> {
  const asked = query.get("replicas") ?? "";
  const replicas = Number(asked);
  const { items } = await reads.list(resource, { namespace: owner.namespace });
  const found = items.find(({ metadata }) => metadata.name === owner.name) as Scaled | undefined;
  if (found === undefined) throw notFound(resource.resource, owner.name);
  const { replicas: now = 1, template } = found.spec ?? {};
  const most = now + MORE_MAX;
  if (!/^\d+$/.test(asked) || replicas > most || template === undefined) {
    throw new StatusError("BadRequest", `replicas must be a whole number from 0 to ${most}`);
  }
  if (replicas < now) return said(await fewer({ reads, policy }, resource, owner, replicas));
  const { world } = await worldOf(reads);
  const answer = whatIfMore(owner, template, replicas - now, { world, policy });
  return said({ ...answer, notes: await whoElseSizes(found, reads) });
}

function said(json: WhatIf): Advice {
  return { json, text: textOfWhatIf(json) };
}

function notFound(resource: string, name: string): StatusError {
  return new StatusError("NotFound", `${resource} ${JSON.stringify(name)} not found`);
}
