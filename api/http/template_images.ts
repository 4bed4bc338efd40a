import { prefixOf } from "../registry/keys.ts";
import type { Catalog } from "./catalog.ts";
import type { Reply } from "./exchange.ts";
import { JSON_TYPE } from "./wire.ts";

/** Every image that a pod or a template names, for agents that look for images which nobody needs. */
const TEMPLATE_IMAGES_PATH = "/wherry/images";

/** By kind: where its pod's spec is. Older templates count as well: a rollback needs their images. */
const SPEC_PATHS: Readonly<Record<string, readonly string[]>> = {
  Pod: ["spec"],
  PodTemplate: ["template", "spec"],
  ReplicationController: ["spec", "template", "spec"],
  ReplicaSet: ["spec", "template", "spec"],
  Deployment: ["spec", "template", "spec"],
  StatefulSet: ["spec", "template", "spec"],
  DaemonSet: ["spec", "template", "spec"],
  Job: ["spec", "template", "spec"],
  CronJob: ["spec", "jobTemplate", "spec", "template", "spec"],
  ControllerRevision: ["data", "spec", "template", "spec"],
};
const CONTAINERS = ["containers", "initContainers", "ephemeralContainers"];

/** @returns undefined where the path is another one */
export function templateImagesReply(catalog: Catalog, path: string): Reply | undefined {
  if (path !== TEMPLATE_IMAGES_PATH) return undefined;
  const images = new Set<string>();
  for (const { kind: { resource }, registry } of catalog.all) {
    const place = SPEC_PATHS[resource.kind];
    if (place === undefined) continue;
    for (const { object } of registry.store.list(prefixOf(resource))) {
      for (const image of imagesAt(object, place)) images.add(image);
    }
  }
  const body = new TextEncoder().encode(JSON.stringify({ images: [...images].sort() }));
  return { status: 200, headers: { "content-type": JSON_TYPE }, body };
}

type Json = Readonly<Record<string, unknown>>;

function imagesAt(object: unknown, place: readonly string[]): string[] {
  const spec = place.reduce<unknown>((at, key) => (at as Json | undefined)?.[key], object);
  return CONTAINERS.flatMap((name) => {
    const containers = (spec as Json | undefined)?.[name];
    if (!Array.isArray(containers)) return [];
    return containers.map(({ image }: { image?: unknown }) => image)
      .filter((image) => typeof image === "string");
  });
}
