import type { Clock } from "../types/ambient.ts";
import { type Amount, MetricRegistry } from "../types/metrics.ts";
import type { Attributes } from "../authorization/attributes.ts";
import type { User } from "../authentication/user.ts";
import { type AuditLevel, type AuditRule, levelOf } from "./policy.ts";

/** What is asked of a request that is written down. */
export interface Audited {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  header(name: string): string | null;
  body(): Promise<Uint8Array>;
}

export interface Answered {
  readonly status: number;
  /** Absent where it is made while it is sent. */
  readonly body: Uint8Array | undefined;
}

export interface AuditOptions {
  readonly rules: readonly AuditRule[];
  /** Takes one line of JSON, without its end; it never waits. */
  readonly sink: (line: string) => void;
  readonly clock: Clock;
  readonly newUid: () => string;
  readonly metrics?: MetricRegistry;
}

interface Begun {
  readonly level: AuditLevel;
  readonly attributes: Attributes;
  readonly user: User | undefined;
  /** Whom the user acts as. */
  readonly other: User | undefined;
  sent: Uint8Array | undefined;
}

/** Longest body that is written down. */
const BODY_BYTES_MAX = 64 * 1024;

const decoder = new TextDecoder();

/** Writes down who did what, when the answer is known. Source of the form: Kubernetes, audit.k8s.io/v1 Event. */
export class Audit {
  readonly #with: AuditOptions;
  readonly #begun = new WeakMap<Audited, Begun>();
  readonly #events: { add(amount: number): void };
  readonly #levels: Amount;
  constructor(options: AuditOptions) {
    this.#with = options;
    const { metrics = new MetricRegistry() } = options;
    this.#events = metrics.counter("apiserver_audit_event_total", "Events of the audit log.").one();
    this.#levels = metrics.counter(
      "apiserver_audit_level_total",
      "Requests by how much of them the audit log wants.",
      ["level"],
    );
  }

  /** The caller is known, and what it wants. Where bodies count, reads are seen from here on. */
  begin(call: Audited, asker: User, user: User, attributes: Attributes): void {
    const level = levelOf(this.#with.rules, asker, attributes);
    this.#levels.add(1, level);
    if (level === "None") return;
    const other = user === asker ? undefined : user;
    const begun: Begun = { level, attributes, user: asker, other, sent: undefined };
    this.#begun.set(call, begun);
    if (level === "Metadata") return;
    const read = call.body;
    call.body = async () => begun.sent = await read.call(call);
  }

  /** @param from when the request came, in milliseconds since 1970 */
  end(call: Audited, { status, body }: Answered, from: number): void {
    const begun = this.#begun.get(call) ?? this.#unknown(call);
    if (begun.level === "None") return;
    this.#begun.delete(call);
    const { clock, newUid, sink } = this.#with;
    this.#events.add(1);
    const isWhole = begun.level === "RequestResponse";
    sink(JSON.stringify({
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: begun.level,
      auditID: newUid(),
      stage: body === undefined ? "ResponseStarted" : "ResponseComplete",
      requestURI: uriOf(call),
      verb: begun.attributes.verb,
      user: userOf(begun.user),
      ...(begun.other !== undefined && { impersonatedUser: userOf(begun.other) }),
      userAgent: call.header("user-agent") ?? "",
      ...objectRefOf(begun.attributes),
      responseStatus: { metadata: {}, code: status },
      ...(begun.sent !== undefined && { requestObject: readable(begun.sent) }),
      ...(isWhole && body !== undefined && { responseObject: readable(body) }),
      requestReceivedTimestamp: microseconds(from),
      stageTimestamp: microseconds(clock.now()),
    }));
  }

  /** Who was refused before it was known what they wanted. */
  #unknown({ method, path }: Audited): Begun {
    const attributes = { verb: method.toLowerCase(), path };
    const level = levelOf(this.#with.rules, undefined, attributes);
    return { level, attributes, user: undefined, other: undefined, sent: undefined };
  }
}

function uriOf({ path, query }: Audited): string {
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

function userOf(user: User | undefined) {
  if (user === undefined) return {};
  const { name: username, uid, groups, extra } = user;
  return { username, ...(uid !== undefined && { uid }), groups, ...(extra && { extra }) };
}

function objectRefOf({ resource: wanted }: Attributes) {
  if (wanted === undefined) return {};
  const { resource, namespace, name, group, subresource } = wanted;
  return {
    objectRef: {
      resource,
      ...(namespace !== "" && { namespace }),
      ...(name !== "" && { name }),
      ...(group !== "" && { apiGroup: group }),
      ...(subresource !== "" && { subresource }),
    },
  };
}

/** JSON as it is; of anything else, and of long bodies, how many bytes there were. */
function readable(bytes: Uint8Array): unknown {
  if (bytes.length > BODY_BYTES_MAX) return { bytes: bytes.length };
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return { bytes: bytes.length }; // protobuf, YAML, or nothing that anybody can read
  }
}

function microseconds(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}
