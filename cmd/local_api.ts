import type { KubeApi } from "../api/http/app.ts";
import type { ObjectReads } from "../api/http/object_reads.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { METRICS_API_VERSION } from "../api/types/metrics_v1beta1.ts";
import type { Resource } from "../api/types/resources.ts";
import type { List, ListOptions, WatchEvent, WatchOptions } from "../client/api.ts";
import { HttpApi, type PlainRequest } from "../client/http_api.ts";
import { exchangeWith } from "./local_exchange.ts";

/**
 * The API for components in the server's own process. They write as everybody does, through its pipeline; what
 * they list and watch comes as the very objects that the store holds, so that nothing is there twice.
 */
export class LocalApi extends HttpApi {
  readonly #reads: ObjectReads;

  constructor(
    api: Pick<KubeApi, "answer" | "fetch" | "reads">,
    token: string,
    userAgent: string,
  ) {
    const fetch = (request: Request) => api.fetch(request);
    const exchange = (request: PlainRequest) => exchangeWith(api.answer, request);
    super({ baseUrl: "http://master", token, userAgent, fetch, exchange });
    this.#reads = api.reads;
  }

  override list<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions = {},
  ): Promise<List<T>> {
    // what is measured is nowhere stored
    if (resource.apiVersion === METRICS_API_VERSION) return super.list(resource, options);
    return this.#reads.list(resource, options) as Promise<List<T>>;
  }

  override watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    return this.#reads.watch(resource, options, signal) as AsyncGenerator<WatchEvent<T>>;
  }
}
