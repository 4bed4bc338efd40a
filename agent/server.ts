import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Clock, Log } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { hasReason, StatusError } from "../api/types/status.ts";
import { logTarget } from "./log_target.ts";
import type { PodDialer } from "./port_forward.ts";
import { failedFor, type LogOptions, type Runtime } from "./runtime.ts";
import type { Page, StatsPages } from "./stats/stats_pages.ts";
import { type Upgrade, Upgrades } from "./upgrades.ts";

export interface AgentServerOptions {
  /** PEM texts; `ca` signs the API server's certificate. */
  readonly tls: { readonly key: string; readonly cert: string; readonly ca: string };
  readonly view: { pods(): Readonly<Pod>[] };
  readonly runtime: Runtime;
  readonly dialer: PodDialer;
  /** What is shown under `/stats` and `/metrics`. */
  readonly pages?: Pick<StatsPages, "page">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Who may call: the API server by its name, and administrators of the cluster. */
const CALLER_NAME = "kube-apiserver";
const CALLER_GROUP = "system:masters";
/** Paths that only an upgrade can have. */
const UPGRADED: ReadonlySet<string> = new Set(["exec", "attach", "portForward"]);

/**
 * What the kubelet serves to the API server and to nobody else, over TLS with client certificates of the cluster's
 * authority: `/healthz`, `/pods`, `/containerLogs/NS/POD/CONTAINER`, `/exec/…`, `/attach/…`
 * and `/portForward/NS/POD`. The caller listens.
 */
export function createAgentServer(options: AgentServerOptions): Server {
  const { key, cert, ca } = options.tls;
  const tls = { key, cert, ca, requestCert: true, rejectUnauthorized: true };
  const server = createServer(tls, (request, response) => {
    answer(options, request, response).catch((error) => refuse(response, error));
  });
  const upgrades = new Upgrades(options);
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    socket.on("error", () => socket.destroy());
    upgrade(options, upgrades, { request, socket, head }).catch((error) =>
      refuseUpgrade(socket, error)
    );
  });
  return server;
}

/** @throws {StatusError} Forbidden; a certificate that is not the cluster's has been refused before */
function rejectStranger(request: IncomingMessage): void {
  const socket = request.socket as TLSSocket;
  const { CN, O } = socket.getPeerCertificate()?.subject ?? {};
  const groups = ([] as string[]).concat(O ?? []);
  if (socket.authorized && (CN === CALLER_NAME || groups.includes(CALLER_GROUP))) return;
  throw new StatusError("Forbidden", "only the API server may call the agent");
}

interface Target {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

function targetOf({ url = "/" }: IncomingMessage): Target {
  const { pathname, searchParams } = new URL(url, "https://agent");
  try {
    const path = pathname.split("/").slice(1).map(decodeURIComponent);
    return { path, query: searchParams };
  } catch {
    throw new StatusError("BadRequest", `path: Invalid value: ${JSON.stringify(pathname)}`);
  }
}

async function answer(
  options: AgentServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  rejectStranger(request);
  const { path, query } = targetOf(request);
  const [route = ""] = path;
  if (route === "healthz") return void text(response, "ok");
  if (route === "pods") return void sendPods(options, response);
  const page = await options.pages?.page(path, query);
  if (page !== undefined) return void send(response, page);
  if (route === "containerLogs") return await sendLogs(options, { path, query }, response);
  if (UPGRADED.has(route)) {
    throw new StatusError("BadRequest", "you must ask for an upgrade to a WebSocket");
  }
  throw noSuchPath();
}

function text(response: ServerResponse, body: string): void {
  send(response, { type: "text/plain; charset=utf-8", body });
}

function send(response: ServerResponse, { type, body }: Page): void {
  response.writeHead(200, { "content-type": type });
  response.end(body);
}

function sendPods({ view }: AgentServerOptions, response: ServerResponse): void {
  const list = { kind: "PodList", apiVersion: "v1", metadata: {}, items: view.pods() };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(list));
}

/** @throws {StatusError} NotFound in the kubelet's words */
function podAt({ view }: AgentServerOptions, { path }: Target) {
  const [, namespace = "", name = "", container = ""] = path;
  const pod = view.pods().find(({ metadata }) =>
    metadata.namespace === namespace && metadata.name === name
  );
  if (pod !== undefined) return { pod, container };
  throw new StatusError("NotFound", `pod "${name}" not found on this node`);
}

async function sendLogs(
  options: AgentServerOptions,
  target: Target,
  response: ServerResponse,
): Promise<void> {
  const { pod, container } = podAt(options, target);
  const { query } = target;
  const id = logTarget(pod, container, isSet(query, "previous"));
  const asked = logOptions(query, options.clock);
  const leaving = new AbortController();
  response.on("close", () => leaving.abort());
  const chunks = options.runtime.logs(id, asked, leaving.signal)[Symbol.asyncIterator]();
  // who follows wants an answer before there is a line; the others want to hear why there is none
  let next = asked.follow ? undefined : await firstOf(chunks, id);
  response.writeHead(200, { "content-type": "text/plain" });
  response.flushHeaders();
  let left = countIn(query, "limitBytes") ?? Infinity;
  for (next ??= await chunks.next(); !next.done && left > 0; next = await chunks.next()) {
    const { bytes } = next.value;
    const piece = bytes.length > left ? bytes.subarray(0, left) : bytes;
    left -= piece.length;
    if (!response.write(piece)) await drained(response);
    if (leaving.signal.aborted) break;
  }
  response.end();
  leaving.abort();
}

/** @throws {StatusError} NotFound when the engine has the container no more */
async function firstOf<T>(chunks: AsyncIterator<T>, id: string): Promise<IteratorResult<T>> {
  try {
    return await chunks.next();
  } catch (error) {
    if (!failedFor(error, "NoSuchContainer")) throw error;
    throw new StatusError("NotFound", `unable to retrieve container logs for docker://${id}`);
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once("drain", resolve);
    response.once("close", resolve);
  });
}

const isSet = (query: URLSearchParams, name: string) =>
  ["1", "true"].includes(query.get(name) ?? "");

function countIn(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === "") return undefined;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  const why = `${name}: Invalid value: ${JSON.stringify(value)}: must be a whole number`;
  throw new StatusError("BadRequest", why);
}

function logOptions(query: URLSearchParams, clock: Clock): LogOptions {
  const tailLines = countIn(query, "tailLines");
  const seconds = countIn(query, "sinceSeconds");
  const time = query.get("sinceTime");
  const since = seconds !== undefined
    ? clock.now() - seconds * 1000
    : time
    ? Date.parse(time)
    : undefined;
  if (Number.isNaN(since)) {
    throw new StatusError("BadRequest", `sinceTime: Invalid value: ${JSON.stringify(time)}`);
  }
  return {
    follow: isSet(query, "follow"),
    timestamps: isSet(query, "timestamps"),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(since === undefined ? {} : { since }),
  };
}

async function upgrade(
  options: AgentServerOptions,
  upgrades: Upgrades,
  { request, socket, head }: Omit<Upgrade, "query">,
): Promise<void> {
  rejectStranger(request);
  const { path, query } = targetOf(request);
  const [route = ""] = path;
  if (!UPGRADED.has(route)) throw noSuchPath();
  const { pod, container } = podAt(options, { path, query });
  const asked = { request, socket, head, query };
  if (route === "exec") await upgrades.exec(asked, pod, container);
  else if (route === "attach") await upgrades.attach(asked, pod, container);
  else upgrades.portForward(asked, pod);
}

function noSuchPath(): StatusError {
  return new StatusError("NotFound", "the server could not find the requested resource");
}

function asStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (failedFor(error, "NoSuchContainer", "NotRunning")) {
    return new StatusError("NotFound", (error as Error).message);
  }
  return new StatusError("InternalError", error instanceof Error ? error.message : String(error));
}

function refuse(response: ServerResponse, error: unknown): void {
  // the answer is under way: cutting it off is all that can still be said
  if (response.headersSent) return void response.destroy();
  const { code, message } = asStatusError(error);
  response.writeHead(code, { "content-type": "text/plain; charset=utf-8" });
  response.end(message);
}

function refuseUpgrade(socket: Duplex, error: unknown): void {
  const { code, message } = asStatusError(error);
  const reason = hasReason(error, "NotFound") ? "Not Found" : "Error";
  const body = new TextEncoder().encode(message);
  socket.write(
    `HTTP/1.1 ${code} ${reason}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
  );
  socket.end(body);
}
