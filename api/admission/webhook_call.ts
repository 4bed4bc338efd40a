import type { WebhookClientConfig } from "../types/admissionregistration_v1.ts";
import type { Clock, Log } from "../types/ambient.ts";
import type { Service } from "../types/core_v1.ts";
import { SERVICES } from "../types/resources.ts";
import { Denial, StatusError } from "../types/status.ts";
import type { Store } from "../../store/store.ts";
import { keyOf } from "../registry/keys.ts";
import type { Rules } from "../registry/structural/rules.ts";
import { readVerdict, type Review, reviewBody, type Verdict } from "./admission_review.ts";
import type { Hook } from "./webhook_index.ts";
import type { Outcome, WebhookMetrics } from "./webhook_metrics.ts";
import type { WebhookPost, WebhookTransport } from "./webhook_transport.ts";

/** Source: admissionregistration.k8s.io/v1, the default of timeoutSeconds. */
const TIMEOUT_SECONDS = 10;

export interface CallParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly newUid: () => string;
  readonly log: Log;
  readonly transport: WebhookTransport;
  /** Evaluates conditions. */
  readonly rules: Rules;
  readonly metrics: WebhookMetrics;
}

/** @returns undefined where the webhook failed and its policy is to go on without it */
export async function callWebhook(
  parts: CallParts,
  hook: Hook,
  review: Review,
): Promise<Verdict | undefined> {
  const { name, failurePolicy } = hook.webhook;
  const from = parts.clock.now();
  const isDenied = (error: unknown) => error instanceof Denial ? error.code : undefined;
  const count = (outcome: Outcome) =>
    parts.metrics.count(hook, review.operation, { ms: parts.clock.now() - from, ...outcome });
  try {
    const verdict = await ask(parts, hook, review);
    count({});
    return verdict;
  } catch (error) {
    count({ deniedWith: isDenied(error), hasFailed: !(error instanceof Denial) });
    if (error instanceof Denial) throw error;
    const why = error instanceof Error ? error.message : String(error);
    if (failurePolicy === "Ignore") {
      parts.log("A webhook failed and is passed over", { webhook: name, why });
      return undefined;
    }
    const what = `failed calling webhook ${JSON.stringify(name)}: ${why}`;
    throw new StatusError("InternalError", `Internal error occurred: ${what}`);
  }
}

async function ask(
  parts: CallParts,
  { webhook: { name, clientConfig, timeoutSeconds = TIMEOUT_SECONDS } }: Pick<Hook, "webhook">,
  review: Review,
): Promise<Verdict> {
  const uid = parts.newUid();
  const query = `timeout=${timeoutSeconds}s`;
  const { url, ...target } = targetOf(parts.store, clientConfig, query);
  const ending = new AbortController();
  const post = { ...target, body: reviewBody(review, uid), signal: ending.signal };
  const answer = await inTime(parts.clock, timeoutSeconds, ending, parts.transport(post))
    .catch((error) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`failed to call webhook: Post ${JSON.stringify(url)}: ${why}`);
    });
  if (answer.status < 200 || answer.status > 299) {
    const said = new TextDecoder().decode(answer.body.subarray(0, SAID_BYTES_MAX)).trim();
    const why = `an error on the server (${JSON.stringify(said || `status ${answer.status}`)})`;
    throw new Error(`failed to call webhook: ${why} has prevented the request from succeeding`);
  }
  return readVerdict(name, uid, jsonIn(answer.body));
}

/** Of an answer that is an error so much is told. */
const SAID_BYTES_MAX = 1024;

function jsonIn(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    throw new Error(
      `failed to call webhook: couldn't read the answer: ${(error as Error).message}`,
    );
  }
}

function inTime<T>(
  clock: Clock,
  seconds: number,
  ending: AbortController,
  answer: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(seconds * 1000, () => {
      reject(new Error("context deadline exceeded"));
      ending.abort();
    });
    answer.then(resolve, reject).finally(cancel);
  });
}

type Target = Omit<WebhookPost, "body" | "signal"> & { url: string };

/** A service is reached at its cluster IP and proves its name in the cluster. */
function targetOf(store: Store, config: WebhookClientConfig, query: string): Target {
  const ca = config.caBundle ? pemOf(config.caBundle) : undefined;
  if (config.url !== undefined) {
    const { hostname, port, pathname } = new URL(config.url);
    const host = hostname.replace(/^\[|\]$/g, "");
    const path = `${pathname}?${query}`;
    const url = `${config.url}?${query}`;
    return { host, serverName: host, port: Number(port || 443), path, ca, url };
  }
  const { name = "", namespace = "", path: said = "", port = 443 } = config.service ?? {};
  const service = store.get(keyOf(SERVICES, namespace, name))?.object as Service | undefined;
  if (service === undefined) {
    throw new Error(`failed to call webhook: service ${JSON.stringify(name)} not found`);
  }
  const { clusterIP: host = "", ports = [] } = service.spec;
  if (host === "" || host === "None" || !ports.some((one) => one.port === port)) {
    throw new Error(`failed to call webhook: no service port ${port} found for service "${name}"`);
  }
  const serverName = `${name}.${namespace}.svc`;
  const path = `${said === "" ? "/" : said}?${query}`;
  return { host, port, serverName, path, ca, url: `https://${serverName}:${port}${path}` };
}

function pemOf(base64: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(base64));
}
