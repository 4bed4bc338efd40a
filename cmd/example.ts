import { get } from "node:http";
import { parseAllDocuments } from "yaml";
import type { Endpoints, ReplicationController, Service } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import {
  ENDPOINTS,
  REPLICATION_CONTROLLERS,
  type Resource,
  SERVICES,
} from "../api/types/resources.ts";
import { hasReason } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";
import { waitFor } from "./wait.ts";

export const EXAMPLE_FILE = new URL("../examples/web.yaml", import.meta.url);
export const EXAMPLE_IMAGE = "nginx:1.22";
const NAMESPACE = "default";
const NAME = "web";
const LABEL = "app=web";

/** What kubectl compares with on the next `apply` of the same file. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

const RESOURCES: readonly Resource<KubeObject>[] = [REPLICATION_CONTROLLERS, SERVICES];

const READY_TIMEOUT_MS = 120_000;
const FETCH_TIMEOUT_MS = 10_000;
const FETCH_AGAIN_MS = 50;

/** The objects of a file, as `kubectl apply` would send them. */
function readManifest(text: string): KubeObject[] {
  return parseAllDocuments(text).map((document) => {
    const object = document.toJS() as KubeObject;
    const { annotations = {} } = object.metadata;
    const plain = { ...object, metadata: { ...object.metadata, annotations } };
    const applied = JSON.stringify(sorted(plain)) + "\n";
    const withApplied = { ...annotations, [LAST_APPLIED]: applied };
    return { ...object, metadata: { ...object.metadata, annotations: withApplied } };
  });
}

/** Keys in order at every depth, as Go writes them. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** Creates what is missing; what is there belongs to the user by now, and stays as it is. */
export async function createExample(api: Api, manifest: string): Promise<string> {
  const outcomes: string[] = [];
  for (const object of readManifest(manifest)) {
    const resource = RESOURCES.find(({ kind }) => kind === object.kind);
    if (resource === undefined) throw new Error(`Cannot create a ${object.kind} from the example`);
    const name = `${resource.resource}/${object.metadata.name}`;
    try {
      await api.create(resource, object);
      outcomes.push(`${name} created`);
    } catch (error) {
      if (!hasReason(error, "AlreadyExists")) throw error;
      outcomes.push(`${name} is there`);
    }
  }
  return outcomes.join(", ");
}

/** Waits until as many pods as the controller wants are ready behind the service. @returns how many */
export async function waitForExample(api: Api): Promise<number> {
  const { spec } = await api.get<ReplicationController>(REPLICATION_CONTROLLERS, NAMESPACE, NAME);
  const wanted = spec.replicas ?? 1;
  let ready = 0;
  const isDone = (all: readonly Endpoints[]) => {
    const addresses = all.find(({ metadata }) => metadata.name === NAME)?.subsets ?? [];
    ready = addresses.reduce((sum, subset) => sum + (subset.addresses?.length ?? 0), 0);
    return ready >= wanted;
  };
  await waitFor(api, ENDPOINTS, { namespace: NAMESPACE }, isDone, {
    timeoutMs: READY_TIMEOUT_MS,
    otherwise: () =>
      `${ready} of ${wanted} pods are ready: kubectl describe pods -l ${LABEL} says why`,
  });
  return ready;
}

/** Asks the service through its virtual IP, as any program on this host would. @returns the address */
export async function fetchExample(api: Api): Promise<string> {
  const { spec } = await api.get<Service>(SERVICES, NAMESPACE, NAME);
  const url = `http://${spec.clusterIP}:${spec.ports?.[0]?.port ?? 80}/`;
  const deadline = Date.now() + FETCH_TIMEOUT_MS;
  for (;;) {
    try {
      const status = await statusOf(url);
      if (status !== 200) throw new Error(`status ${status}`);
      return `${url} answers 200`;
    } catch (error) {
      // Endpoints are in the API a moment before they are in the kernel.
      if (Date.now() > deadline) throw new Error(`${url}: ${(error as Error).message}`);
      await new Promise((resolve) => setTimeout(resolve, FETCH_AGAIN_MS));
    }
  }
}

/** Past any proxy of the environment, which `fetch` would ask. */
function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("timeout", () => request.destroy(new Error("no answer")));
    request.on("error", reject);
  });
}
