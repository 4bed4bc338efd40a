import { StatusError } from "../types/status.ts";
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

/** The questions, as discovery lists them. */
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

/** @returns undefined where the path is none of these */
export function adviceReply(
  { query, header }: Pick<Call, "query" | "header">,
  segments: readonly string[],
  advise: Advise | undefined,
): Promise<Reply> | Reply | undefined {
  const [root, group, version, ...rest] = segments;
  if (root !== "apis" || group !== GROUP || version !== VERSION || advise === undefined) {
    return undefined;
  }
  if (rest.length === 0) return jsonReply(LIST);
  const isText = query.get("output") === "text" ||
    (header("accept") ?? "").startsWith("text/plain");
  const output = query.get("output") ?? "json";
  if (output !== "json" && output !== "text") {
    throw new StatusError("BadRequest", `output must be json or text, not ${output}`);
  }
  return advise(rest, query)?.then(({ json, text }) => isText ? textReply(text) : jsonReply(json));
}

function jsonReply(value: unknown): Reply {
  return bytesReply(new TextEncoder().encode(JSON.stringify(value)));
}
