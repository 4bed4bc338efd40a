import type { ResourceAttributes } from "../authorization/attributes.ts";
import { groupOf } from "../registry/keys.ts";
import { StatusError } from "../types/status.ts";
import type { Catalog } from "./catalog.ts";
import type { Call, Reply } from "./exchange.ts";
import { bytesReply, textReply } from "./replies.ts";

/** What another part of the process makes of the cluster: for machines, and as text for people. */
export interface Advice {
  readonly json: unknown;
  readonly text: string;
}

/**
 * Answers questions below `/apis/wherry.dev/v1`. @param path segments after the version
 * @returns undefined where there is no such question
 * @throws {StatusError} NotFound, BadRequest
 */
export type Advise = (
  path: readonly string[],
  query: URLSearchParams,
) => Promise<Advice> | undefined;

const GROUP = "wherry.dev";
const VERSION = "v1";

/** As the list of groups tells it. */
export const ADVICE_GROUP = {
  name: GROUP,
  versions: [{ groupVersion: `${GROUP}/${VERSION}`, version: VERSION }],
  preferredVersion: { groupVersion: `${GROUP}/${VERSION}`, version: VERSION },
};

/** The questions, as discovery lists them; any other object has an `explain` too. */
const RESOURCES = [
  { name: "pods/explain", namespaced: true, kind: "PodExplanation" },
  { name: "nodes/whatif", namespaced: false, kind: "WhatIf" },
  { name: "deployments/whatif", namespaced: true, kind: "WhatIf" },
  { name: "replicasets/whatif", namespaced: true, kind: "WhatIf" },
  { name: "statefulsets/whatif", namespaced: true, kind: "WhatIf" },
  { name: "replicationcontrollers/whatif", namespaced: true, kind: "WhatIf" },
];

const LIST = {
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion: `${GROUP}/${VERSION}`,
  resources: RESOURCES.map((resource) => ({ ...resource, singularName: "", verbs: ["get"] })),
};

/**
 * The same where one document tells of everything. The objects that questions are about are resources of other
 * groups, so that their entries here have no kind; with no entry at all clients would remember nothing, and ask for
 * all documents each time. Source: Kubernetes, discovery/aggregated and the cache of client-go.
 */
export const ADVICE_DISCOVERY = {
  metadata: { name: GROUP, creationTimestamp: null },
  versions: [{ version: VERSION, resources: RESOURCES.map(parentOf), freshness: "Current" }],
};

function parentOf({ name, namespaced, kind }: typeof RESOURCES[number]) {
  const [resource = "", subresource = ""] = name.split("/");
  const responseKind = { group: GROUP, version: VERSION, kind };
  return {
    resource,
    responseKind: { group: "", version: "", kind: "" },
    scope: namespaced ? "Namespaced" : "Cluster",
    singularResource: "",
    verbs: [],
    subresources: [{ subresource, responseKind, verbs: ["get"] }],
  };
}

/**
 * Whoever asks how an object came about must be allowed to read it, besides the path.
 * @returns undefined where the path asks for no object's story
 */
export function objectAskedFor(
  segments: readonly string[],
  catalog: Pick<Catalog, "named">,
): ResourceAttributes | undefined {
  const asked = storyPathOf(segments.slice(3));
  if (!isAdvice(segments) || asked === undefined) return undefined;
  const kind = catalog.named(asked.resource)?.kind;
  if (kind === undefined) return undefined;
  const { apiVersion, resource } = kind.resource;
  const { namespace, name } = asked;
  return { group: groupOf(apiVersion), resource, subresource: "", namespace, name };
}

/** What `namespaces/NS/RESOURCE/NAME/explain` and `RESOURCE/NAME/explain` name. */
export function storyPathOf(
  path: readonly string[],
): { namespace: string; resource: string; name: string } | undefined {
  const isNamespaced = path.length === 5 && path[0] === "namespaces";
  if (path.at(-1) !== "explain" || !(isNamespaced || path.length === 3)) return undefined;
  const [resource = "", name = ""] = path.slice(-3);
  return { namespace: isNamespaced ? path[1]! : "", resource, name };
}

function isAdvice([root, group, version]: readonly string[]): boolean {
  return root === "apis" && group === GROUP && version === VERSION;
}

/** @returns undefined where the path is none of these */
export function adviceReply(
  call: Pick<Call, "query" | "header">,
  segments: readonly string[],
  advise: Advise | undefined,
): Promise<Reply> | Reply | undefined {
  if (advise === undefined) return undefined;
  if (segments.length === 2 && segments[0] === "apis" && segments[1] === GROUP) {
    return jsonReply({ kind: "APIGroup", apiVersion: "v1", ...ADVICE_GROUP });
  }
  if (!isAdvice(segments)) return undefined;
  const rest = segments.slice(3);
  if (rest.length === 0) return jsonReply(LIST);
  const { query } = call;
  const isText = query.get("output") === "text" ||
    (call.header("accept") ?? "").startsWith("text/plain");
  const output = query.get("output") ?? "json";
  if (output !== "json" && output !== "text") {
    throw new StatusError("BadRequest", `output must be json or text, not ${output}`);
  }
  return advise(rest, query)?.then(({ json, text }) => isText ? textReply(text) : jsonReply(json));
}

function jsonReply(value: unknown): Reply {
  return bytesReply(new TextEncoder().encode(JSON.stringify(value)));
}
