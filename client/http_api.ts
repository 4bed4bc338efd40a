import type { TokenRequest } from "../api/types/authentication_v1.ts";
import type { Binding } from "../api/types/core_v1.ts";
import type { KubeObject, ListMeta } from "../api/types/meta.ts";
import { PODS, type Resource, SERVICE_ACCOUNTS } from "../api/types/resources.ts";
import { fromStatus, StatusError, type StatusReason } from "../api/types/status.ts";
import type {
  Api,
  DeleteOptions,
  List,
  ListOptions,
  PatchType,
  WatchEvent,
  WatchOptions,
} from "./api.ts";
import { linesOf } from "./lines.ts";

/**
 * The network, or the apiserver's own handler in the same process.
 * @param bodyLength in characters; 0: there is none
 */
export type Fetch = (request: Request, bodyLength: number) => Promise<Response> | Response;

/** A request in the words of HTTP, where no network lies in between. */
export interface PlainRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface PlainAnswer {
  readonly status: number;
  /** The whole body. */
  readonly text: string;
}

export interface HttpApiOptions {
  /** Scheme, host and port, without a path. */
  baseUrl: string;
  fetch: Fetch;
  /** Takes everything but watches in place of `fetch`, which costs a stream for each body. */
  exchange?: (request: PlainRequest) => Promise<PlainAnswer>;
  /** Sent as a bearer token. */
  token?: string;
  /** The program that asks: managed fields name it. */
  userAgent?: string;
  /** Waits where the server asks to come again later; absent: that is an error at once. */
  pause?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** How often a request that the server has no room for is sent again. Source: client-go, withRetry. */
const RETRIES_MAX = 10;

const PATCH_MEDIA_TYPE: Readonly<Record<PatchType, string>> = {
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
};

/** What an answer without a Status means. */
const REASON_OF_CODE: Readonly<Record<number, StatusReason>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  502: "ServiceUnavailable",
  503: "ServiceUnavailable",
  504: "Timeout",
};

interface Call {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
  mediaType?: string;
  accept?: string;
  signal?: AbortSignal;
}

export class HttpApi implements Api {
  readonly #baseUrl: string;
  readonly #fetch: Fetch;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #pause: HttpApiOptions["pause"];
  readonly #exchange: HttpApiOptions["exchange"];

  constructor({ baseUrl, fetch, exchange, token, userAgent, pause }: HttpApiOptions) {
    this.#exchange = exchange;
    this.#pause = pause;
    this.#baseUrl = baseUrl.replace(/\/$/, "");
    this.#fetch = fetch;
    this.#headers = {
      accept: "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(userAgent === undefined ? {} : { "user-agent": userAgent }),
    };
  }

  get<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): Promise<T> {
    return this.#json({ method: "GET", path: pathOf(resource, namespace, name) });
  }

  async list<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions = {},
  ): Promise<List<T>> {
    const path = pathOf(resource, options.namespace ?? "") + queryOf(options);
    const list = await this.#json<{ items: T[] | null; metadata: ListMeta }>({
      method: "GET",
      path,
      ...acceptOf(options, "PartialObjectMetadataList"),
    });
    const items = list.items ?? [];
    for (const item of items) nameType(item, resource);
    const { resourceVersion = "", continue: next = "" } = list.metadata;
    return { items, resourceVersion, ...(next !== "" && { continue: next }) };
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    const path = pathOf(resource, object.metadata.namespace ?? "");
    return this.#json({ method: "POST", path, body: object });
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.#json({ method: "PUT", path: pathOfObject(resource, object), body: object });
  }

  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.replace(resource, object, "status");
  }

  replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    subresource: string,
  ): Promise<T> {
    const path = `${pathOfObject(resource, object)}/${subresource}`;
    return this.#json({ method: "PUT", path, body: object });
  }

  patch<T extends KubeObject>(
    resource: Resource<T>,
    target: { namespace: string; name: string; subresource?: string },
    type: PatchType,
    patch: unknown,
  ): Promise<T> {
    const { namespace, name, subresource } = target;
    const path = pathOf(resource, namespace, name) +
      (subresource === undefined ? "" : `/${subresource}`);
    const mediaType = PATCH_MEDIA_TYPE[type];
    return this.#json({ method: "PATCH", path, body: patch, mediaType });
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    const path = pathOf(resource, namespace, name) + queryOf({}, preconditionsIn(options));
    await this.#json({ method: "DELETE", path, body: deleteOptionsOf(options) });
  }

  async deleteCollection<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions & DeleteOptions,
  ): Promise<void> {
    const query = queryOf(options, preconditionsIn(options));
    const path = pathOf(resource, options.namespace ?? "") + query;
    await this.#json({ method: "DELETE", path, body: deleteOptionsOf(options) });
  }

  async bind(
    namespace: string,
    podName: string,
    podUid: string,
    nodeName: string,
  ): Promise<void> {
    const body: Binding = {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name: podName, namespace, uid: podUid },
      target: { apiVersion: "v1", kind: "Node", name: nodeName },
    };
    const path = `${pathOf(PODS, namespace, podName)}/binding`;
    await this.#json({ method: "POST", path, body });
  }

  requestToken(namespace: string, account: string, body: TokenRequest): Promise<TokenRequest> {
    const path = `${pathOf(SERVICE_ACCOUNTS, namespace, account)}/token`;
    return this.#json({ method: "POST", path, body });
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    const path = pathOf(resource, options.namespace ?? "") + queryOf(options, {
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: options.resourceVersion,
      ...(options.timeoutSeconds === undefined
        ? {}
        : { timeoutSeconds: String(options.timeoutSeconds) }),
    });
    try {
      const accept = acceptOf(options, "PartialObjectMetadata");
      const response = await this.#send({ method: "GET", path, signal, ...accept });
      if (response.body === null) return;
      for await (const lines of linesOf(response.body, signal)) {
        for (const line of lines) yield eventOf(line, resource);
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof StatusError ? error : this.#unreachable(error);
    }
  }

  async #json<R>(call: Call): Promise<R> {
    if (this.#exchange !== undefined) return await this.#exchanged(call, this.#exchange);
    const response = await this.#send(call);
    try {
      return await response.json() as R;
    } catch (error) {
      throw new StatusError(
        "ServiceUnavailable",
        `Cannot read the answer to ${call.method} ${call.path}: ${messageOf(error)}`,
      );
    }
  }

  async #exchanged<R>(
    { method, path, body, mediaType, accept }: Call,
    exchange: NonNullable<HttpApiOptions["exchange"]>,
  ): Promise<R> {
    const headers = {
      ...this.#headers,
      ...(accept !== undefined && { accept }),
      ...(body !== undefined && { "content-type": mediaType ?? "application/json" }),
    };
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await exchange({ method, path, headers, body: text });
    if (answer.status >= 400) throw failureIn(answer, `${method} ${path}`);
    return JSON.parse(answer.text) as R;
  }

  async #send(call: Call): Promise<Response> {
    const text = call.body === undefined ? undefined : JSON.stringify(call.body);
    for (let retries = 0;; retries += 1) {
      const response = await this.#sendOnce(call, text);
      if (response.ok) return response;
      const laterMs = this.#pause === undefined ? undefined : comeAgainMs(response);
      if (laterMs === undefined || retries === RETRIES_MAX || call.signal?.aborted) {
        throw await failureOf(response, `${call.method} ${call.path}`);
      }
      await response.body?.cancel();
      await this.#pause?.(laterMs, call.signal);
    }
  }

  async #sendOnce(
    { method, path, mediaType, accept, signal }: Call,
    body: string | undefined,
  ): Promise<Response> {
    const headers = accept === undefined ? this.#headers : { ...this.#headers, accept };
    const request = new Request(this.#baseUrl + path, {
      method,
      headers: body === undefined
        ? headers
        : { ...headers, "content-type": mediaType ?? "application/json" },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      return await this.#fetch(request, body?.length ?? 0);
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #unreachable(error: unknown): StatusError {
    return new StatusError(
      "ServiceUnavailable",
      `Cannot reach the apiserver at ${this.#baseUrl}: ${messageOf(error)}`,
    );
  }
}

function pathOf(resource: Resource<KubeObject>, namespace: string, name?: string): string {
  const group = resource.apiVersion.includes("/") ? "apis" : "api";
  const scope = resource.isNamespaced && namespace !== ""
    ? `/namespaces/${encodeURIComponent(namespace)}`
    : "";
  const item = name === undefined ? "" : `/${encodeURIComponent(name)}`;
  return `/${group}/${resource.apiVersion}${scope}/${resource.resource}${item}`;
}

function pathOfObject(resource: Resource<KubeObject>, { metadata }: KubeObject): string {
  return pathOf(resource, metadata.namespace ?? "", metadata.name);
}

function queryOf(options: ListOptions, more: Record<string, string> = {}): string {
  const query = new URLSearchParams(more);
  if (options.labelSelector !== undefined) query.set("labelSelector", options.labelSelector);
  if (options.fieldSelector !== undefined) query.set("fieldSelector", options.fieldSelector);
  if (options.limit !== undefined) query.set("limit", String(options.limit));
  if (options.continue !== undefined) query.set("continue", options.continue);
  return query.size === 0 ? "" : `?${query}`;
}

/** Those that Kubernetes's DeleteOptions have no field for. */
function preconditionsIn({ nodeLease }: DeleteOptions): Record<string, string> {
  return nodeLease === undefined ? {} : { nodeLease };
}

function deleteOptionsOf(options: DeleteOptions): unknown {
  const { gracePeriodSeconds, uid, resourceVersion, propagationPolicy } = options;
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(uid ?? resourceVersion) && { preconditions: { uid, resourceVersion } },
  };
}

/** What is asked of the server where metadata is enough. */
function acceptOf({ onlyMetadata }: ListOptions, kind: string): { accept?: string } {
  if (onlyMetadata !== true) return {};
  return { accept: `application/json;as=${kind};g=meta.k8s.io;v=v1` };
}

/** Items of a list may leave out what the list says for all of them. */
function nameType(object: KubeObject, { apiVersion, kind }: Resource<KubeObject>): void {
  object.apiVersion ??= apiVersion;
  object.kind ??= kind;
}

function eventOf<T extends KubeObject>(line: string, resource: Resource<T>): WatchEvent<T> {
  let event: WatchEvent<T> | { type: "ERROR"; object: unknown };
  try {
    event = JSON.parse(line);
  } catch (error) {
    throw new StatusError(
      "ServiceUnavailable",
      `Cannot read the watch of ${resource.resource}: ${messageOf(error)}`,
    );
  }
  if (event.type === "ERROR") {
    throw fromStatus(event.object) ??
      new StatusError("InternalError", `The watch of ${resource.resource} ended with an error`);
  }
  nameType(event.object, resource);
  return event;
}

/** Of a server that had no room, and so did nothing. @returns undefined for every other answer */
function comeAgainMs({ status, headers }: Response): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? NaN);
  return status === 429 && seconds >= 0 ? seconds * 1_000 : undefined;
}

async function failureOf(response: Response, what: string): Promise<StatusError> {
  const text = await response.text().catch(() => "");
  return failureIn({ status: response.status, text }, what);
}

function failureIn({ status: code, text }: PlainAnswer, what: string): StatusError {
  const status = fromStatus(parsed(text));
  if (status !== undefined) return status;
  const reason = REASON_OF_CODE[code] ?? "InternalError";
  return new StatusError(reason, `${what} answered ${code}: ${text.slice(0, 200)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not every proxy in between answers JSON: the code alone speaks
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
