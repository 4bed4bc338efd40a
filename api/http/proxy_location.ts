import type { Random } from "../types/ambient.ts";
import type { Endpoints, Node, Service } from "../types/core_v1.ts";
import { ENDPOINTS, NODES, PODS, type Resource, SERVICES } from "../types/resources.ts";
import type { KubeObject } from "../types/meta.ts";
import { StatusError } from "../types/status.ts";
import type { Store } from "../../store/store.ts";
import { keyOf } from "../registry/keys.ts";
import { notFound } from "../registry/refusals.ts";
import { addressOf } from "./agent_transport.ts";
import type { Target } from "./resources.ts";

/** Where a proxied request goes to: an address, or the agent of a node. */
export type ProxyLocation =
  | { readonly node: Node }
  | { readonly scheme: "http" | "https"; readonly host: string; readonly port: number };

/** `[scheme:]name[:port]`; what is left out is "". */
interface Reference {
  readonly scheme: string;
  readonly name: string;
  readonly port: string;
}

/** @throws {StatusError} NotFound, BadRequest, ServiceUnavailable, in Kubernetes's words */
export function proxyLocation(store: Store, random: Random, target: Target): ProxyLocation {
  const { resource } = target.served.kind.resource;
  const place = { store, random, namespace: target.namespace ?? "" };
  if (resource === "pods") return podLocation(place, referenceIn(target.name, "pod"));
  if (resource === "services") return serviceLocation(place, target.name);
  return nodeLocation(place, referenceIn(target.name, "node"));
}

interface Place {
  readonly store: Store;
  readonly random: Random;
  readonly namespace: string;
}

/** Source: k8s.io/apimachinery, SplitSchemeNamePort. */
function referenceIn(text: string, word: string): Reference {
  const parts = text.split(":");
  const [scheme, name, port] = parts.length === 3 ? parts : ["", ...parts];
  const isValid = parts.length <= 3 && name && ["", "http", "https"].includes(scheme ?? "");
  if (isValid) return { scheme: scheme ?? "", name, port: port ?? "" };
  throw new StatusError("BadRequest", `invalid ${word} request ${JSON.stringify(text)}`);
}

function podLocation(place: Place, { scheme, name, port }: Reference): ProxyLocation {
  const { spec, status } = objectAt(place, PODS, name);
  const first = spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  const wanted = port === "" ? String(first ?? defaultPort(scheme)) : port;
  return addressed(scheme, status?.podIP ?? "", wanted);
}

function nodeLocation(place: Place, { scheme, name, port }: Reference): ProxyLocation {
  const node = objectAt({ ...place, namespace: "" }, NODES, name);
  const agent = addressOf(node);
  if (port === "" || port === String(agent.port)) return { node };
  return addressed(scheme, agent.host, port);
}

/** An address of a pod that is ready, each as likely as the others. */
function serviceLocation(place: Place, asked: string): ProxyLocation {
  const { scheme, name, port } = referenceIn(asked, "service");
  const isNumber = /^\d+$/.test(port);
  const portName = isNumber ? portNameOf(objectAt(place, SERVICES, name), Number(port)) : port;
  const { store, random, namespace } = place;
  const found = store.get(keyOf(ENDPOINTS, namespace, name))?.object as Endpoints | undefined;
  if (found === undefined) throw notFound(ENDPOINTS, name);
  const { subsets = [] } = found;
  const addresses = subsets.flatMap(({ addresses = [], ports = [] }) => {
    const at = ports.find((one) => (one.name ?? "") === portName);
    const isPod = ({ targetRef }: { targetRef?: { kind?: string } }) => targetRef?.kind === "Pod";
    return at === undefined ? [] : addresses.filter(isPod).map(({ ip }) => ({ ip, at: at.port }));
  });
  const chosen = addresses[Math.floor(random() * addresses.length)];
  if (chosen !== undefined) return addressed(scheme, chosen.ip, String(chosen.at));
  const service = JSON.stringify(subsets.length === 0 ? name : asked);
  const why = `no endpoints available for service ${service}`;
  throw new StatusError("ServiceUnavailable", why);
}

/** Endpoints know ports by name alone. */
function portNameOf({ metadata, spec }: Service, port: number): string {
  const found = spec.ports?.find((one) => one.port === port);
  if (found !== undefined) return found.name ?? "";
  const service = JSON.stringify(metadata.name);
  const why = `no service port ${port} found for service ${service}`;
  throw new StatusError("ServiceUnavailable", why);
}

/** The server's own loopback and link are nobody's to reach. Source: k8s.io/kubernetes, IsProxyableIP. */
const NOT_PROXYABLE = /^(127\.|169\.254\.|0\.|22[4-9]\.|23\d\.|::1?$|fe[89ab].:|ff)/i;

function addressed(scheme: string, host: string, port: string): ProxyLocation {
  if (host === "" || NOT_PROXYABLE.test(host)) {
    throw new StatusError("BadRequest", "address not allowed");
  }
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number >= 1 && number <= 65_535) {
    return { scheme: scheme === "https" ? "https" : "http", host, port: number };
  }
  const why = `error trying to reach service: dial tcp: lookup tcp/${port}: unknown port`;
  throw new StatusError("ServiceUnavailable", why);
}

const defaultPort = (scheme: string) => scheme === "https" ? 443 : 80;

function objectAt<T extends KubeObject>(
  { store, namespace }: Place,
  resource: Resource<T>,
  name: string,
): T {
  const found = store.get(keyOf(resource, namespace, name))?.object as T | undefined;
  if (found === undefined) throw notFound(resource, name);
  return found;
}
