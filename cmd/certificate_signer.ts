import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
} from "../api/types/certificates_v1.ts";
import type { Log } from "../api/types/ambient.ts";
import { ENDPOINTS, NODES } from "../api/types/resources.ts";
import { hasReason } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";
import type { WatchedCache } from "../client/cache.ts";
import { WorkQueue } from "../client/queue.ts";
import { isToJudge, judge, withVerdict } from "../controllers/certificate_approval.ts";
import { isToSign, reasonsAgainst, withFailure } from "../controllers/certificate_signing.ts";
import { realClock } from "./clock.ts";
import { readRequest, signRequest } from "./pki_requests.ts";

export interface SignerOptions {
  readonly api: Api;
  readonly cache: WatchedCache;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Folder with the authority's key. */
  readonly pki: string;
}

/**
 * Decides on the requests of nodes, and signs approved ones with the cluster's authority, until the signal
 * aborts. Both have to read what is asked for, which no other controller can.
 */
export async function runCertificateSigner(options: SignerOptions): Promise<void> {
  const { cache, log, signal } = options;
  for (const resource of [CERTIFICATE_SIGNING_REQUESTS, NODES, ENDPOINTS]) cache.watch(resource);
  await cache.synced();
  const queue = new WorkQueue({ clock: realClock });
  const end = cache.onChange(CERTIFICATE_SIGNING_REQUESTS, (_before, after) => {
    if (after !== undefined && isOurs(after)) queue.add(after.metadata.name);
  });
  for (let name = await queue.next(signal); name !== undefined; name = await queue.next(signal)) {
    try {
      const request = cache.get(CERTIFICATE_SIGNING_REQUESTS, "", name);
      if (request !== undefined && isToJudge(request)) await decide(request, options);
      if (request !== undefined && isToSign(request)) await sign(request, options);
      queue.forget(name);
    } catch (error) {
      if (hasReason(error, "NotFound")) queue.forget(name);
      else queue.addLater(name);
      if (!hasReason(error, "NotFound", "Conflict")) log("Cannot sign a request", { name, error });
    }
    queue.done(name);
  }
  end();
  queue.close();
}

const isOurs = (request: Readonly<CertificateSigningRequest>) =>
  isToJudge(request) || isToSign(request);

/** What can't be read is left to people: it tells no subject by which it could be judged. */
async function decide(
  request: Readonly<CertificateSigningRequest>,
  { api, cache, log }: SignerOptions,
): Promise<void> {
  const read = await readRequest(atob(request.spec.request));
  const verdict = read === undefined ? undefined : judge(request, read, cache);
  if (verdict === undefined) return;
  const decided = withVerdict(request, verdict, Date.now());
  await api.replace(CERTIFICATE_SIGNING_REQUESTS, decided, "approval");
  const { type, message } = verdict;
  log("decided on a request", { name: request.metadata.name, verdict: type, message });
}

async function sign(
  request: Readonly<CertificateSigningRequest>,
  { api, log, pki }: SignerOptions,
): Promise<void> {
  const now = Date.now();
  const read = await readRequest(atob(request.spec.request));
  const reasons = read === undefined
    ? ["the certificate request can't be read, or its signature is wrong"]
    : reasonsAgainst(request, read);
  if (read === undefined || reasons.length > 0) {
    await api.updateStatus(
      CERTIFICATE_SIGNING_REQUESTS,
      withFailure(request, reasons.join("; "), now),
    );
    return;
  }
  const { usages = [], expirationSeconds } = request.spec;
  const certificate = btoa(await signRequest(pki, read, { usages, expirationSeconds, now }));
  await api.updateStatus(CERTIFICATE_SIGNING_REQUESTS, {
    ...request,
    status: { ...request.status, certificate },
  });
  log("signed a request", { name: request.metadata.name, subject: read.commonName });
}
