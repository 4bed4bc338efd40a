import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { Webhooks } from "../admission/webhooks.ts";
import type { Call } from "./exchange.ts";
import type { Target } from "./resources.ts";

/**
 * Asks the webhooks that want to know of streams. What a stream is asked with stands in its query.
 * @returns undefined, as nearly always, where nobody is to be asked
 * @throws {StatusError} what a webhook refuses
 */
export type StreamPermit = (
  call: Call,
  subresource: string,
  target: Target,
) => Promise<void> | undefined;

/** Streams that are a CONNECT. Source: k8s.io/kubernetes, pkg/registry/core/{pod,service,node}/rest. */
const STREAMS: Readonly<Record<string, (call: Call) => Readonly<Record<string, unknown>>>> = {
  exec: ({ query }) => ({ ...containerOptions(query), command: query.getAll("command") }),
  attach: ({ query }) => containerOptions(query),
  portforward: ({ query }) => ({
    ports: query.getAll("ports").flatMap((list) => list.split(",")).map(Number),
  }),
  proxy: ({ path }) => ({ path: path.split("/proxy").slice(1).join("/proxy") || "/" }),
};

export function streamPermit(webhooks: Webhooks): StreamPermit {
  return (call, subresource, { served: { kind }, namespace = "", name }) => {
    const options = STREAMS[subresource];
    if (options === undefined) return undefined;
    const reviewers = webhooks.concerning({ operation: "CONNECT", kind, subresource });
    if (reviewers === undefined) return undefined;
    const { resource } = kind;
    const of = optionsOf(resource, subresource);
    const { apiVersion } = of;
    const object = { kind: of.kind, apiVersion, ...options(call) } as unknown as KubeObject;
    const where = { resource, subresource, of, namespace, name };
    const { user } = call;
    return reviewers.permit({
      ...where,
      ...{ operation: "CONNECT", object, old: undefined, user, isDryRun: false },
    });
  };
}

function containerOptions(query: URLSearchParams) {
  const flags = ["stdin", "stdout", "stderr", "tty"].filter((name) => isTrue(query.get(name)));
  const container = query.get("container");
  return {
    ...Object.fromEntries(flags.map((name) => [name, true])),
    ...(container && { container }),
  };
}

const isTrue = (value: string | null) => value === "true" || value === "1";

/** The kinds of their options: `PodExecOptions`, `ServiceProxyOptions`. */
function optionsOf({ kind }: Resource<KubeObject>, subresource: string): Resource<KubeObject> {
  const words: Readonly<Record<string, string>> = { portforward: "PortForward" };
  const word = words[subresource] ?? subresource.charAt(0).toUpperCase() + subresource.slice(1);
  const name = `${kind}${word}Options`;
  return { apiVersion: "v1", kind: name, resource: "", isNamespaced: true };
}
