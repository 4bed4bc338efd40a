import type { ObjectReads } from "../api/http/object_reads.ts";
import {
  controllingOwner,
  holdersOf,
  type ObjectStory,
  type Origin,
  originOf,
  writesOf,
} from "../api/http/object_story.ts";
import type { Event } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { EVENTS, type Resource } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";

type Reads = Pick<ObjectReads, "list" | "get" | "history" | "resourceNamed" | "resourceOfKind">;

/** Owners of owners; a chain that is longer is a circle. */
const ORIGINS_MAX = 10;
const EVENTS_MAX = 50;

export interface Asked {
  readonly namespace: string;
  readonly resource: string;
  readonly name: string;
}

/** Of an object that is there, or that was not long ago. @throws {StatusError} NotFound */
export async function storyOf(reads: Reads, { namespace, resource, name }: Asked) {
  const found = reads.resourceNamed(resource);
  const isRightPlace = found !== undefined && found.isNamespaced === (namespace !== "");
  const history = isRightPlace ? await reads.history(found, namespace, name) : [];
  const live = isRightPlace ? await reads.get(found, namespace, name) : undefined;
  const object = live ?? history.at(-1)?.current.object;
  if (object === undefined) {
    throw new StatusError("NotFound", `${resource} ${JSON.stringify(name)} not found`);
  }
  const story: ObjectStory = {
    kind: "ObjectStory",
    apiVersion: "wherry.dev/v1",
    metadata: { ...(namespace !== "" && { namespace }), name },
    origins: [...await originsOf(reads, object), originOf(object)],
    writes: writesOf(history),
    holders: holdersOf(object),
    events: await eventsAbout(reads, object),
  };
  return story;
}

/** Owners, the first of them first. */
async function originsOf(reads: Reads, object: KubeObject): Promise<Origin[]> {
  const origins: Origin[] = [];
  let below: KubeObject | undefined = object;
  for (let step = 0; below !== undefined && step < ORIGINS_MAX; step += 1) {
    const owner = controllingOwner(below);
    if (owner === undefined) break;
    const found = await ownerOf(reads, below, owner);
    origins.unshift(
      found === undefined ? { kind: owner.kind, name: owner.name, isGone: true } : originOf(found),
    );
    below = found;
  }
  return origins;
}

async function ownerOf(
  reads: Reads,
  { metadata: { namespace = "" } }: KubeObject,
  { apiVersion, kind, name, uid }: { apiVersion: string; kind: string; name: string; uid: string },
): Promise<KubeObject | undefined> {
  const resource: Resource<KubeObject> | undefined = reads.resourceOfKind(apiVersion, kind);
  if (resource === undefined) return undefined;
  const found = await reads.get(resource, resource.isNamespaced ? namespace : "", name);
  return found?.metadata.uid === uid ? found : undefined;
}

async function eventsAbout(reads: Reads, { metadata }: KubeObject): Promise<ObjectStory["events"]> {
  const { namespace = "default", uid = "" } = metadata;
  const fieldSelector = `involvedObject.uid=${uid}`;
  const { items } = await reads.list(EVENTS, { namespace, fieldSelector });
  return (items as readonly KubeObject[] as readonly Event[])
    .map(({ lastTimestamp, eventTime, reason, message, source, count = 1 }) => ({
      at: lastTimestamp ?? eventTime ?? "",
      text: `${source?.component ?? ""}: ${reason}: ${message}${count > 1 ? ` (×${count})` : ""}`,
    }))
    .toSorted((a, b) => a.at < b.at ? -1 : 1)
    .slice(-EVENTS_MAX);
}
