import type { Amount, Histogram, MetricRegistry } from "../types/metrics.ts";
import { ATTEMPT_BUCKETS } from "../types/metrics.ts";
import type { User } from "../authentication/user.ts";

/** Source: k8s.io/apiserver, authentication/request/x509: half an hour to a year. */
const EXPIRATION_BUCKETS = [
  ...[0, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800],
  ...[2_592_000, 7_776_000, 15_552_000, 31_104_000],
];

/** Users that are told apart; others share a name, so that callers make no series. Source: compressUsername, there. */
const KNOWN_USERS: ReadonlySet<string> = new Set([
  ...["admin", "client", "kube_proxy", "kubelet"],
  "system:serviceaccount:kube-system:default",
]);

/** Who came in and who may do what they want, counted in Kubernetes's names. Each request passes here. */
export class AccessMetrics {
  readonly #users: Amount;
  readonly #attempts;
  readonly #attemptTimes;
  readonly #decisions;
  readonly #decisionTimes;
  readonly #expirations: Histogram;

  constructor(registry: MetricRegistry) {
    this.#users = registry.counter(
      "authenticated_user_requests",
      "Requests of users that are known, by user; those without a name of their own here are other.",
      ["username"],
    );
    const attempts = registry.counter(
      "authentication_attempts",
      "Requests by whether it could be said who they are from.",
      ["result"],
    );
    const attemptTimes = registry.histogram(
      "authentication_duration_seconds",
      "Time to say who a request is from.",
      ["result"],
      ATTEMPT_BUCKETS,
    );
    const decisions = registry.counter(
      "authorization_attempts_total",
      "Requests by whether they are allowed.",
      ["result"],
    );
    const decisionTimes = registry.histogram(
      "authorization_duration_seconds",
      "Time to say whether a request is allowed.",
      ["result"],
      ATTEMPT_BUCKETS,
    );
    const ofResults = <T>(of: (result: string) => T) => ({
      good: of("success"),
      bad: of("failure"),
    });
    const ofDecisions = <T>(of: (result: string) => T) => ({
      good: of("allowed"),
      bad: of("no-opinion"),
    });
    this.#attempts = ofResults((result) => attempts.one(result));
    this.#attemptTimes = ofResults((result) => attemptTimes.one(result));
    this.#decisions = ofDecisions((result) => decisions.one(result));
    this.#decisionTimes = ofDecisions((result) => decisionTimes.one(result));
    this.#expirations = registry.histogram(
      "apiserver_client_certificate_expiration_seconds",
      "What is left of the life of the client certificates of requests.",
      [],
      EXPIRATION_BUCKETS,
    );
  }

  /** @param user undefined where nobody could be made out @param lifeMs left of the certificate that proved it */
  authenticated(user: User | undefined, ms: number, lifeMs?: number): void {
    const how = user === undefined ? "bad" : "good";
    this.#attempts[how].add(1);
    this.#attemptTimes[how].observe(ms / 1000);
    if (user !== undefined) this.#users.add(1, nameOf(user));
    if (lifeMs !== undefined) this.#expirations.observe(lifeMs / 1000);
  }

  authorized(isAllowed: boolean, ms: number): void {
    const how = isAllowed ? "good" : "bad";
    this.#decisions[how].add(1);
    this.#decisionTimes[how].observe(ms / 1000);
  }
}

function nameOf({ name }: User): string {
  if (KNOWN_USERS.has(name)) return name;
  return name.includes("@") ? "email_id" : "other";
}
