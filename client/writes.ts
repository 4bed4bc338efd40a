import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import * as apps from "../api/types/apps_v1.ts";
import { HORIZONTAL_POD_AUTOSCALERS } from "../api/types/autoscaling_v2.ts";
import { CRON_JOBS, JOBS } from "../api/types/batch_v1.ts";
import { CERTIFICATE_SIGNING_REQUESTS } from "../api/types/certificates_v1.ts";
import { LEASES } from "../api/types/coordination_v1.ts";
import { ENDPOINT_SLICES } from "../api/types/discovery_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { INGRESS_CLASSES, INGRESSES, NETWORK_POLICIES } from "../api/types/networking_v1.ts";
import { RUNTIME_CLASSES } from "../api/types/node_v1.ts";
import { POD_DISRUPTION_BUDGETS } from "../api/types/policy_v1.ts";
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  ROLE_BINDINGS,
  ROLES,
} from "../api/types/rbac_v1.ts";
import * as core from "../api/types/resources.ts";
import type { Resource } from "../api/types/resources.ts";
import { PRIORITY_CLASSES } from "../api/types/scheduling_v1.ts";
import * as storage from "../api/types/storage_v1.ts";
import { hasReason } from "../api/types/status.ts";
import type { Api } from "./api.ts";
import type { Write } from "./cache.ts";

const RBAC = [ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS];

const APPS = [
  apps.CONTROLLER_REVISIONS,
  apps.DAEMON_SETS,
  apps.DEPLOYMENTS,
  apps.REPLICA_SETS,
  apps.STATEFUL_SETS,
  JOBS,
  CRON_JOBS,
  HORIZONTAL_POD_AUTOSCALERS,
  POD_DISRUPTION_BUDGETS,
];
const NETWORKING = [ENDPOINT_SLICES, INGRESSES, INGRESS_CLASSES, NETWORK_POLICIES];
const STORAGE = [
  storage.CSI_DRIVERS,
  storage.CSI_NODES,
  storage.CSI_STORAGE_CAPACITIES,
  storage.STORAGE_CLASSES,
  storage.VOLUME_ATTACHMENTS,
];
const CLASSES = [PRIORITY_CLASSES, RUNTIME_CLASSES, CERTIFICATE_SIGNING_REQUESTS];

const RESOURCES = new Map<string, Resource<KubeObject>>(
  [...Object.values(core), LEASES, ...RBAC, ...APPS, ...NETWORKING, ...STORAGE, ...CLASSES].map((
    resource,
  ) => [typeOf(resource), resource]),
);

function typeOf({ apiVersion, kind }: { apiVersion: string; kind: string }): string {
  return `${apiVersion}/${kind}`;
}

/** Where objects of this type are found. */
export function resourceOf(object: KubeObject): Resource<KubeObject> {
  const resource = RESOURCES.get(typeOf(object));
  assert.ok(resource !== undefined, `No resource for ${typeOf(object)}`);
  return resource;
}

/** Every resource, those of events aside: the objects that may own, or be owned. */
export function ownableResources(): readonly Resource<KubeObject>[] {
  return [...RESOURCES.values()].filter((resource) => resource !== core.EVENTS);
}

/** Every resource whose objects live in namespaces. */
export function namespacedResources(): readonly Resource<KubeObject>[] {
  return [...RESOURCES.values()].filter(({ isNamespaced }) => isNamespaced);
}

/** The write, if any, that turns `have` into `want`; metadata that `want` does not name is kept. */
export function toward(have: Readonly<KubeObject> | undefined, want: KubeObject): Write[] {
  if (have === undefined) return [{ verb: "create", object: want }];
  const object = { ...want, metadata: { ...have.metadata, ...want.metadata } };
  return isDeepStrictEqual(have, object) ? [] : [{ verb: "update", object }];
}

/** As `toward`, for the status alone. */
export function towardStatus<T extends KubeObject & { status?: unknown }>(
  have: Readonly<T>,
  status: T["status"],
): Write[] {
  if (isDeepStrictEqual(have.status, status)) return [];
  return [{ verb: "updateStatus", object: { ...have, status } }];
}

/**
 * Makes the write. What is gone already counts as deleted.
 * @returns the object as the server answered it; undefined after a deletion
 */
export async function perform(api: Api, write: Write): Promise<KubeObject | undefined> {
  if (write.verb === "deleteCollection") {
    await api.deleteCollection(write.resource, {
      namespace: write.namespace,
      propagationPolicy: "Background",
    });
    return undefined;
  }
  const resource = resourceOf(write.object);
  switch (write.verb) {
    case "create":
      return await api.create(resource, write.object);
    case "update":
      return await api.update(resource, write.object);
    case "updateStatus":
      return await api.updateStatus(resource, write.object);
    case "finalize":
      return await api.replace(resource, write.object, "finalize");
    case "delete":
      await performDelete(api, resource, write);
      return undefined;
  }
}

async function performDelete(
  api: Api,
  resource: Resource<KubeObject>,
  { object, gracePeriodSeconds, nodeLease, propagationPolicy }: Extract<Write, { verb: "delete" }>,
): Promise<void> {
  const { namespace = "", name, uid } = object.metadata;
  try {
    await api.delete(resource, namespace, name, {
      ...(uid === undefined ? {} : { uid }),
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      ...(nodeLease === undefined ? {} : { nodeLease }),
      ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    });
  } catch (error) {
    if (!hasReason(error, "NotFound")) throw error;
  }
}
