import type { Clock, Log } from "../types/ambient.ts";
import { StatusError } from "../types/status.ts";
import type { User } from "../authentication/user.ts";
import type { Attributes } from "../authorization/attributes.ts";
import { type Authorizer, rejectForbidden } from "../authorization/authorizer.ts";
import { adviceReply, type Advise, objectAskedFor } from "./advice.ts";
import type { Audit } from "../audit/audit.ts";
import type { Authenticate } from "./authenticate.ts";
import type { Catalog } from "./catalog.ts";
import { Deadlines } from "./deadlines.ts";
import { type Documents, noSuchPath } from "./documents.ts";
import { type Call, isFlow, type Reply } from "./exchange.ts";
import { gzipped } from "./gzip.ts";
import { type Check, healthReply } from "./health.ts";
import { impersonated } from "./impersonate.ts";
import {
  InFlight,
  type InFlightLimits,
  PRIVILEGED_GROUP,
  type RequestKind,
  requestKindOf,
} from "./in_flight.ts";
import type { Metrics } from "./metrics.ts";
import { resourcePath, segmentsOf } from "./path.ts";
import { statusReply, textReply } from "./replies.ts";
import { prettyReply } from "./resources.ts";
import type { Route, Router, Stream } from "./router.ts";
import { toldOf, type Tracing } from "./tracing.ts";
import { wireFor } from "./wire.ts";

export interface PipelineParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly catalog: Catalog;
  readonly documents: Documents;
  readonly router: Router;
  readonly authenticate: Authenticate;
  readonly authorizer: Authorizer;
  /** Documents by which others check tokens, and lists that no kind has. */
  readonly openId: (path: string) => Reply | undefined;
  readonly checks: Readonly<Record<string, Check>>;
  readonly metrics: Metrics;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
  /** Absent: nobody answers questions about the cluster. */
  readonly advise?: Advise | undefined;
  readonly revision: () => number;
  readonly usesGzip: boolean;
  /** Absent: as many as Kubernetes lets in. */
  readonly inFlight?: InFlightLimits | undefined;
  /** Absent: nothing is written down. */
  readonly audit?: Audit | undefined;
}

/** A request that takes longer is answered without its outcome. Source: kube-apiserver, --request-timeout. */
const REQUEST_TIMEOUT_MS = 60_000;

/** What a HEAD is answered with. */
const NO_BYTES = new Uint8Array();

/** What a stream runs over. */
export interface Connection {
  once(event: "close", listener: () => void): unknown;
}

/** authenticate → authorize → decode → default → admit → validate → commit → render; failures become Status. */
export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #inFlight: InFlight;
  readonly #deadlines: Deadlines;
  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#deadlines = new Deadlines(parts.clock, REQUEST_TIMEOUT_MS);
    this.#inFlight = new InFlight(parts.inFlight);
  }

  handle(call: Call): Reply | Promise<Reply> {
    const from = this.#parts.clock.now();
    const span = this.#parts.tracing?.begin(call);
    let route: Route | undefined;
    const done = (reply: Reply) => {
      span?.end(toldOf(call, route?.attributes, reply.status));
      return this.#done(call, route, reply, from);
    };
    try {
      route = this.#route(call);
      const reply = this.#answer(route, call);
      if (!(reply instanceof Promise)) return done(reply);
      return reply.then(done, (error) => done(this.#failure(call, error)));
    } catch (error) {
      return done(this.#failure(call, error));
    }
  }

  /**
   * A call for a stream of a pod, from a caller who may have it.
   * @throws {StatusError} Unauthorized, Forbidden, NotFound, BadRequest
   */
  stream(call: Call, connection: Connection): Stream {
    const { stream, attributes } = this.#route(call);
    if (stream !== undefined) {
      const { audit, clock, metrics } = this.#parts;
      connection.once("close", metrics.beginStream(attributes));
      audit?.end(call, { status: 101, body: undefined }, clock.now());
      return stream;
    }
    throw new StatusError("BadRequest", "this path can't be upgraded");
  }

  /** Nothing is told to those who may not know it: a path is looked up only after the caller is known. */
  #route(call: Call): Route {
    const { authorizer, router, audit } = this.#parts;
    const asker = this.#asker(call);
    const user = impersonated(asker, call, authorizer);
    call.user = user;
    const segments = segmentsOf(call.path);
    const path = resourcePath(segments);
    const route = path === undefined || this.#isUnknown(path.group, path.version)
      ? this.#plainRoute(call, segments)
      : router.route(call, path);
    audit?.begin(call, asker, user, route.attributes);
    this.#rejectForbidden(user, route.attributes);
    if (route.alsoNeeds !== undefined) this.#rejectForbidden(user, route.alsoNeeds);
    return route;
  }

  /** @throws {StatusError} Unauthorized */
  #asker(call: Call): User {
    const { authenticate, clock, metrics: { access } } = this.#parts;
    const from = clock.now();
    let user: User | undefined;
    try {
      return user = authenticate(call);
    } finally {
      const now = clock.now();
      const until = user === undefined || call.peer === undefined ? undefined : call.peer.until;
      access.authenticated(user, now - from, until && until - now);
    }
  }

  /** @throws {StatusError} Forbidden, Unauthorized */
  #rejectForbidden(user: User, attributes: Attributes): void {
    const { authorizer, clock, metrics: { access } } = this.#parts;
    const from = clock.now();
    let isAllowed = false;
    try {
      rejectForbidden(authorizer, user, attributes);
      isAllowed = true;
    } finally {
      access.authorized(isAllowed, clock.now() - from);
    }
  }

  #isUnknown(group: string, version: string): boolean {
    return !this.#parts.catalog.hasVersion(group === "" ? version : `${group}/${version}`);
  }

  /** Health, metrics and documents. */
  #plainRoute(call: Call, segments: readonly string[]): Route {
    const { documents, checks, openId, advise, catalog } = this.#parts;
    const verb = call.method.toLowerCase();
    const path = `/${segments.join("/")}`;
    const answer = () => {
      const isRead = call.method === "GET" || call.method === "HEAD";
      if (!isRead) throw noSuchPath();
      const reply = healthReply(segments, call.query, checks) ?? documents.reply(call, segments) ??
        openId(path) ?? adviceReply(call, segments, advise);
      if (reply !== undefined) return reply;
      if (path === "/metrics") return textReply(this.#metricsText());
      throw noSuchPath();
    };
    const resource = advise && objectAskedFor(segments, catalog);
    return {
      attributes: { verb, path },
      isLongRunning: false,
      answer,
      ...(resource && { alsoNeeds: { verb: "get", path, resource } }),
    };
  }

  #metricsText(): string {
    const { metrics, catalog, revision } = this.#parts;
    return metrics.text(catalog, { revision: revision(), inFlight: this.#inFlight.counts });
  }

  #answer(route: Route, { user }: Call): Reply | Promise<Reply> {
    if (route.isLongRunning) return route.answer();
    const kind = requestKindOf(route.attributes.verb);
    this.#inFlight.enter(kind, user?.groups.includes(PRIVILEGED_GROUP));
    try {
      const reply = route.answer();
      if (!(reply instanceof Promise)) {
        this.#inFlight.leave(kind);
        return reply;
      }
      return this.#inTime(reply, kind);
    } catch (error) {
      this.#inFlight.leave(kind);
      throw error;
    }
  }

  #inTime(reply: Promise<Reply>, kind: RequestKind): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const inTime = this.#deadlines.begin(() => {
        this.#inFlight.leave(kind);
        const why = "request did not complete within the allotted timeout";
        reject(new StatusError("Timeout", `Timeout: ${why}`));
      });
      const end = () => inTime() && this.#inFlight.leave(kind);
      reply.then((one) => (end(), resolve(one)), (error) => (end(), reject(error)));
    });
  }

  #done(call: Call, route: Route | undefined, reply: Reply, from: number): Reply {
    const { metrics, clock, audit } = this.#parts;
    const ms = clock.now() - from;
    const told = { code: reply.status, ms, bytes: sizeOf(reply) };
    metrics.count(route?.attributes, call.method, told);
    if (audit !== undefined) {
      const body = isFlow(reply.body) ? undefined : reply.body;
      audit.end(call, { status: reply.status, body }, from);
    }
    if (call.method === "HEAD") return { ...reply, body: NO_BYTES };
    const { query } = call;
    const shown = query.has("pretty") && isPretty(query) ? prettyReply(reply) : reply;
    return this.#parts.usesGzip ? gzipped(shown, call.header("accept-encoding")) : shown;
  }

  /** Mistakes of ours are logged, and the client learns no more than that there was one. */
  #failure(call: Call, error: unknown): Reply {
    const refusal = error instanceof StatusError ? error : this.mistake(call, error);
    return statusReply(refusal, wireFor(call.header("accept")));
  }

  mistake({ method, path }: Call, error: unknown): StatusError {
    this.#parts.log("A request failed", { method, path, error });
    const why = "an error on the server has prevented the request from succeeding";
    return new StatusError("InternalError", why);
  }
}

function sizeOf({ body, headers }: Reply): number | undefined {
  if (!isFlow(body)) return body.length;
  const said = headers["content-length"];
  return said === undefined ? undefined : Number(said);
}

/** Anything but a clear no; this is the last place where a wrong value may fail a request. */
function isPretty(query: URLSearchParams): boolean {
  return !["false", "0"].includes(query.get("pretty") ?? "");
}
