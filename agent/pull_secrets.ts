import { Buffer } from "node:buffer";
import type { Secret } from "../api/types/core_v1.ts";
import { repositoryOf } from "./image_reference.ts";
import type { RegistryLogin } from "./runtime.ts";

interface Entry {
  /** Host, perhaps with a port, `*` in the place of a label, and the beginning of a path. */
  readonly place: string;
  readonly login: RegistryLogin;
}

/**
 * The logins that these secrets have for the image's registry, the most exact first; none for an image that they
 * do not name. What in a secret makes no sense is passed over. Source: Kubernetes, pkg/credentialprovider.
 */
export function loginsFor(image: string, secrets: readonly Secret[]): RegistryLogin[] {
  const repository = repositoryOf(image);
  return secrets.flatMap(entriesOf)
    .filter(({ place }) => isBelow(repository, place))
    .sort((a, b) => b.place.length - a.place.length)
    .map(({ login }) => login);
}

function entriesOf({ type, data = {} }: Secret): Entry[] {
  const auths = type === "kubernetes.io/dockerconfigjson"
    ? fieldsOf(fieldsOf(jsonIn(data[".dockerconfigjson"]))["auths"])
    : type === "kubernetes.io/dockercfg"
    ? fieldsOf(jsonIn(data[".dockercfg"]))
    : {};
  return Object.entries(auths).flatMap(([server, auth]) => {
    const place = server.replace(/^https?:\/\//, "").replace(/\/(v1|v2)?\/?$/, "")
      .replace(/\/+$/, "");
    const login = loginIn(fieldsOf(auth), server);
    return login === undefined ? [] : [{ place, login }];
  });
}

function loginIn(auth: Record<string, unknown>, server: string): RegistryLogin | undefined {
  const { username, password, auth: both } = auth;
  if (typeof username === "string" && typeof password === "string") {
    return { username, password, server };
  }
  if (typeof both !== "string") return undefined;
  const text = Buffer.from(both, "base64").toString();
  const colon = text.indexOf(":");
  if (colon < 0) return undefined;
  // some tools write a closing zero
  const decoded = text.slice(colon + 1).replace(/\0+$/, "");
  return { username: text.slice(0, colon), password: decoded, server };
}

/** `*.example.org/team` is above `a.example.org/team/shop`; a star stands for one label. */
function isBelow(repository: string, place: string): boolean {
  const [host = "", ...path] = repository.split("/");
  const [wanted = "", ...prefix] = place.split("/");
  const [labels, patterns] = [host.split("."), wanted.split(".")];
  const isHost = labels.length === patterns.length &&
    patterns.every((pattern, i) => matches(labels[i] ?? "", pattern));
  return isHost && path.join("/").startsWith(prefix.join("/"));
}

function matches(label: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^.:]*")}$`).test(label);
}

function jsonIn(base64: string | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(base64 ?? "", "base64").toString());
  } catch {
    // a secret that holds no JSON has no logins; the pull says that it was refused
    return {};
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}
