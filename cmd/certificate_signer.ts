import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
} from "../api/types/certificates_v1.ts";
import type { Log } from "../api/types/ambient.ts";
import { hasReason } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";
import type { WatchedCache } from "../client/cache.ts";
import { WorkQueue } from "../client/queue.ts";
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

/** Signs approved requests with the cluster's authority, until the signal aborts. */
export async function runCertificateSigner(options: SignerOptions): Promise<void> {
  const { cache, log, signal } = options;
  cache.watch(CERTIFICATE_SIGNING_REQUESTS);
  await cache.synced();
  const queue = new WorkQueue({ clock: realClock });
  const end = cache.onChange(CERTIFICATE_SIGNING_REQUESTS, (_before, after) => {
    if (after !== undefined && isToSign(after)) queue.add(after.metadata.name);
  });
  for (let name = await queue.next(signal); name !== undefined; name = await queue.next(signal)) {
    try {
      const request = cache.get(CERTIFICATE_SIGNING_REQUESTS, "", name);
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
