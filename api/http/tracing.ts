import type { Attributes } from "../authorization/attributes.ts";
import type { Call } from "./exchange.ts";

/** One request in a trace. */
export interface RequestSpan {
  end(told: { name: string; attributes: Readonly<Record<string, string | number>> }): void;
}

/** Where requests are told to that are traced; what the caller's own trace is stands in the headers. */
export interface Tracing {
  begin(call: Call): RequestSpan;
}

/** What a span says of a request: verb and resource, and no more of its path than every request of the kind has. */
export function toldOf(
  { method, path, user }: Call,
  attributes: Attributes | undefined,
  code: number,
): Parameters<RequestSpan["end"]>[0] {
  const http = {
    "http.request.method": method,
    "url.path": path,
    "http.response.status_code": code,
    ...(user !== undefined && { "user.name": user.name }),
  };
  if (attributes === undefined) return { name: method, attributes: http };
  const { verb, resource } = attributes;
  if (resource === undefined) return { name: `${method} ${path}`, attributes: http };
  const { group, version = "", subresource, namespace, name } = resource;
  const what = subresource === "" ? resource.resource : `${resource.resource}/${subresource}`;
  const k8s = {
    "k8s.verb": verb,
    "k8s.group": group,
    "k8s.version": version,
    "k8s.resource": what,
    ...(namespace !== "" && { "k8s.namespace.name": namespace }),
    ...(name !== "" && { "k8s.object.name": name }),
  };
  return { name: `${verb} ${what}`, attributes: { ...http, ...k8s } };
}
