import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
} from "../types/certificates_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import { StatusError } from "../types/status.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import type { User } from "../authentication/user.ts";
import { isSameJson } from "../registry/same_json.ts";
import type { Admission, Attempt } from "./admission.ts";

type Csr = CertificateSigningRequest;

/**
 * A request says who made it, whatever it was sent with; and only who may `approve`, or `sign`, for its signer does.
 * Source: k8s.io/kubernetes, the CSR strategy and the plugins CertificateApproval and CertificateSigning.
 */
export function certificateRequests(authorizer: Authorizer): Admission {
  return ({ operation, kind, object, old, subresource = "", user }: Attempt) => {
    if (kind.resource !== CERTIFICATE_SIGNING_REQUESTS || user === undefined) return;
    if (operation === "CREATE") return askedBy(object as Csr, user);
    if (operation !== "UPDATE" || old === undefined) return;
    const { spec: { signerName }, status: before } = old as Csr;
    const { status } = object as Csr;
    const isSigned = status?.certificate !== before?.certificate;
    if (subresource === "approval" && !isSameJson(status, before)) {
      rejectUnless(authorizer, user, "approve", { signerName, object });
    } else if (subresource === "status" && isSigned) {
      rejectUnless(authorizer, user, "sign", { signerName, object });
    }
  };
}

function askedBy(request: Csr, { name, uid, groups, extra }: User): Csr {
  const { username: _n, uid: _u, groups: _g, extra: _e, ...spec } = request.spec;
  const who = {
    username: name,
    ...(uid && { uid }),
    groups: [...groups],
    ...(extra && {
      extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])),
    }),
  };
  return { ...request, spec: { ...spec, ...who } };
}

/** For the signer itself, or for all of its domain. */
function rejectUnless(
  authorizer: Authorizer,
  user: User,
  verb: "approve" | "sign",
  { signerName, object }: { signerName: string; object: KubeObject },
): void {
  const domain = signerName.slice(0, signerName.indexOf("/"));
  const isAllowed = [signerName, `${domain}/*`].some((name) => {
    const resource = { group: "certificates.k8s.io", resource: "signers", subresource: "" };
    const attributes = { verb, path: "", resource: { ...resource, namespace: "", name } };
    return authorizer.permission(user, attributes) !== undefined;
  });
  if (isAllowed) return;
  const { name } = object.metadata;
  const why = `user not permitted to ${verb} requests with signerName "${signerName}"`;
  const what = `certificatesigningrequests.certificates.k8s.io "${name}" is forbidden: ${why}`;
  const details = { name, group: "certificates.k8s.io", kind: "certificatesigningrequests" };
  throw new StatusError("Forbidden", what, [], details);
}
