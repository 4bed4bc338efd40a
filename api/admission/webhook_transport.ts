/** Where a webhook listens, and how it proves who it is. */
export interface WebhookPost {
  readonly host: string;
  readonly port: number;
  /** The name in its certificate. */
  readonly serverName: string;
  /** With the query. */
  readonly path: string;
  /** PEM of the authorities that may have signed it; absent: those that the system trusts. */
  readonly ca: string | undefined;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface WebhookAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/**
 * POSTs to a webhook over HTTPS.
 * @throws {Error} when no answer comes, or one longer than `ANSWER_BYTES_MAX`
 */
export type WebhookTransport = (post: WebhookPost) => Promise<WebhookAnswer>;

/** As large as what a request may bring. Source: k8s.io/apiserver, MaxRequestBodyBytes. */
export const ANSWER_BYTES_MAX = 3 * 1024 * 1024;
