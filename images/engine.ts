/** A container as the engine lists it; `Names` begin with a slash. */
export interface ListedContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>>;
}

export interface InspectedImage {
  readonly Id: string;
  readonly Config: { readonly Labels: Readonly<Record<string, string>> | null };
}

/** What the engine answered where it could not do what was asked. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  constructor(readonly code: number, message: string) {
    super(message);
  }
}

/** How long the engine may take for a call that moves no image. */
const CALL_TIMEOUT_MS = 30_000;

/**
 * The few calls to the container engine that set-up, images and removal need, straight over its socket. The
 * agent has its own, richer way; this one keeps `up` and `down` free of libraries.
 */
export class Engine {
  readonly #client: Deno.HttpClient;

  /** @param host `unix:///path/of/socket`, as DOCKER_HOST says it */
  constructor(readonly host: string) {
    const path = host.slice("unix://".length);
    this.#client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  }

  /** @returns the engine's version, or undefined when none answers */
  async version(): Promise<string | undefined> {
    try {
      const response = await this.#call("GET", "/version", { timeoutMs: 3_000 });
      return (await response.json() as { Version: string }).Version;
    } catch {
      return undefined;
    }
  }

  async inspectImage(name: string): Promise<InspectedImage | undefined> {
    try {
      const response = await this.#call("GET", `/images/${name}/json`);
      return await response.json() as InspectedImage;
    } catch (error) {
      if (error instanceof EngineError && error.code === 404) return undefined;
      throw error;
    }
  }

  /** @throws {Error} when no registry sent the image within `timeoutMs` */
  async pullImage(name: string, timeoutMs: number): Promise<void> {
    const [repository, tag] = splitImage(name);
    const query = new URLSearchParams({ fromImage: repository, tag });
    const response = await this.#call("POST", `/images/create?${query}`, { timeoutMs });
    rejectFailedProgress(await response.text());
  }

  /** Makes an image of one layer. `changes` are Dockerfile instructions such as `CMD ["/pause"]`. */
  async importImage(
    name: string,
    tar: ReadableStream<Uint8Array<ArrayBuffer>>,
    changes: readonly string[],
  ): Promise<void> {
    const [repo, tag] = splitImage(name);
    const query = new URLSearchParams({ fromSrc: "-", repo, tag });
    for (const change of changes) query.append("changes", change);
    const response = await this.#call("POST", `/images/create?${query}`, {
      body: tar,
      timeoutMs: 120_000,
    });
    rejectFailedProgress(await response.text());
  }

  /** Running and ended ones. @param label `key` or `key=value`; absent: every container */
  async listContainers(label?: string): Promise<readonly ListedContainer[]> {
    const filters = label === undefined
      ? ""
      : `&filters=${encodeURIComponent(JSON.stringify({ label: [label] }))}`;
    const response = await this.#call("GET", `/containers/json?all=true${filters}`);
    return await response.json() as ListedContainer[];
  }

  /** Asks it to end, and kills it after `graceSeconds`. One that is gone or has ended already is fine. */
  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    try {
      const timeoutMs = CALL_TIMEOUT_MS + graceSeconds * 1000;
      await this.#call("POST", `/containers/${id}/stop?t=${graceSeconds}`, { timeoutMs });
    } catch (error) {
      const isOver = error instanceof EngineError && (error.code === 404 || error.code === 304);
      if (!isOver) throw error;
    }
  }

  /** Kills it when it runs. One that is gone already, or going, is fine. */
  async removeContainer(id: string): Promise<void> {
    try {
      const response = await this.#call("DELETE", `/containers/${id}?force=true&v=true`);
      await response.body?.cancel();
    } catch (error) {
      const isGoing = error instanceof EngineError && (error.code === 404 || error.code === 409);
      if (!isGoing) throw error;
    }
  }

  close(): void {
    this.#client.close();
  }

  async #call(
    method: string,
    path: string,
    options: { body?: ReadableStream<Uint8Array<ArrayBuffer>>; timeoutMs?: number } = {},
  ): Promise<Response> {
    const { body, timeoutMs = CALL_TIMEOUT_MS } = options;
    const response = await fetch(`http://engine${path}`, {
      method,
      client: this.#client,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body, headers: { "content-type": "application/x-tar" } }),
    });
    if (response.ok) return response;
    throw new EngineError(response.status, messageOf(await response.text()));
  }
}

/** `name:tag`, the tag after the last slash only, since a registry may have a port. */
function splitImage(name: string): [string, string] {
  const colon = name.lastIndexOf(":");
  return colon > name.lastIndexOf("/")
    ? [name.slice(0, colon), name.slice(colon + 1)]
    : [name, "latest"];
}

function messageOf(body: string): string {
  try {
    return (JSON.parse(body) as { message?: string }).message ?? body;
  } catch {
    return body;
  }
}

/** Pulls and imports answer 200 at once and tell a failure in their last line. */
function rejectFailedProgress(lines: string): void {
  for (const line of lines.split("\n")) {
    if (line.trim() === "") continue;
    const { error } = JSON.parse(line) as { error?: string };
    if (error !== undefined) throw new EngineError(500, error);
  }
}
