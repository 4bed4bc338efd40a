/**
 * What Deno's client sends over HTTP/2 and is longer than a kilobyte goes out in two parts, and the kernel keeps the
 * second back until the server has acknowledged the first, which takes 40 ms. With some room for headers. Record 0092.
 */
const AT_ONCE_BYTES = 512;
/** More requests with long bodies at one time than this share the connection of HTTP/2: others keep it moving then. */
const LONG_AT_ONCE_MAX = 4;
/** The server waits longer: it never hangs up on a request that is on its way. */
const IDLE_MS_MAX = 60_000;

type Tls = Pick<Deno.CreateHttpClientOptions, "caCerts"> & Partial<Deno.TlsCertifiedKeyPem>;

/** One server's connections: one that all share, and a few for long bodies, which HTTP/1.1 sends in one part. */
export class HttpClients implements Disposable {
  readonly #tls: Tls;
  readonly #shared: Deno.HttpClient;
  #long: Deno.HttpClient | undefined;
  #running = 0;

  constructor(tls: Tls) {
    this.#tls = tls;
    this.#shared = Deno.createHttpClient(tls);
  }

  get shared(): Deno.HttpClient {
    return this.#shared;
  }

  /** @param bodyLength of the request, in characters; 0 where it has none */
  async fetch(request: Request, bodyLength: number): Promise<Response> {
    if (bodyLength <= AT_ONCE_BYTES || this.#running >= LONG_AT_ONCE_MAX) {
      return await fetch(request, { client: this.#shared });
    }
    this.#long ??= Deno.createHttpClient({
      ...this.#tls,
      ...{ http2: false, poolIdleTimeout: IDLE_MS_MAX, poolMaxIdlePerHost: LONG_AT_ONCE_MAX },
    });
    this.#running += 1;
    try {
      return await fetch(request, { client: this.#long });
    } finally {
      this.#running -= 1;
    }
  }

  [Symbol.dispose](): void {
    this.#shared.close();
    this.#long?.close();
  }
}
