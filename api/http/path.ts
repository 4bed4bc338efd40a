import { StatusError } from "../types/status.ts";

/** What a path under `/api` or `/apis` points at. Names are "" where the path ends before them. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  /** Absent: cluster-scoped, or all namespaces. */
  readonly namespace: string | undefined;
  readonly resource: string;
  readonly name: string;
  readonly subresource: string;
  /** Under `/watch/`, as the founding design has it. */
  readonly isWatch: boolean;
}

/** Third segments that belong to the namespace itself. Source: k8s.io/apiserver, namespaceSubresources. */
const OF_NAMESPACES: ReadonlySet<string> = new Set(["status", "finalize"]);

/** @throws {StatusError} BadRequest on a wrong escape */
export function segmentsOf(path: string): string[] {
  const segments = path.split("/").slice(1);
  if (segments.at(-1) === "") segments.pop();
  if (!path.includes("%")) return segments;
  try {
    return segments.map(decodeURIComponent);
  } catch {
    throw new StatusError("BadRequest", `the path has a wrong percent escape: ${path}`);
  }
}

/** @returns undefined where the path stops before a resource or goes on after a subresource other than `proxy` */
export function resourcePath(segments: readonly string[]): ResourcePath | undefined {
  const [root] = segments;
  if (root !== "api" && root !== "apis") return undefined;
  const [group, version, at] = root === "api"
    ? ["", segments[1], 2]
    : [segments[1], segments[2], 3];
  const isWatch = segments[at] === "watch" && segments.length > at + 1;
  const isProxy = segments[at] === "proxy" && segments.length > at + 1;
  const rest = segments.slice(isWatch || isProxy ? at + 1 : at);
  if (group === undefined || version === undefined || rest.length === 0) return undefined;
  const place = isProxy ? proxiedPlaceOf(rest) : placeOf(rest);
  return place && { group, version, isWatch, ...place };
}

/** Of `/proxy/KIND/NAME/…`, as the founding design has it: the same as `/KIND/NAME/proxy/…`. */
function proxiedPlaceOf(rest: readonly string[]) {
  const isInNamespace = rest[0] === "namespaces";
  const [resource = "", name = ""] = isInNamespace ? rest.slice(2) : rest;
  if (resource === "" || name === "") return undefined;
  return { namespace: isInNamespace ? rest[1] : undefined, resource, name, subresource: "proxy" };
}

function placeOf(rest: readonly string[]) {
  const [first = "", second = "", third = ""] = rest;
  const isInNamespace = first === "namespaces" && rest.length > 2 &&
    !(rest.length === 3 && OF_NAMESPACES.has(third));
  const [namespace, parts] = isInNamespace ? [second, rest.slice(2)] : [undefined, rest];
  const [resource = "", name = "", subresource = ""] = parts;
  const isProxy = subresource === "proxy";
  // what comes after it is not this server's
  const own = isProxy ? rest.slice(0, rest.length - parts.length + 3) : rest;
  if (own.includes("") || !isProxy && parts.length > 3) return undefined;
  return { namespace, resource, name, subresource };
}
