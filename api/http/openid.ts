import { ISSUER } from "../authentication/service_account_tokens.ts";
import type { Jwk } from "../authentication/signing_key.ts";
import type { Reply } from "./exchange.ts";

const JWKS_PATH = "/openid/v1/jwks";
const headersOf = (type: string) => ({
  "content-type": type,
  "cache-control": "public, max-age=3600",
});

/** What programs outside the API need to check the tokens of service accounts. Source: OpenID Connect Discovery 1.0. */
export function openIdDocuments(jwk: Jwk): (path: string) => Reply | undefined {
  const configuration = {
    issuer: ISSUER,
    jwks_uri: `${ISSUER}${JWKS_PATH}`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [jwk.alg],
  };
  const documents: Readonly<Record<string, Reply>> = {
    "/.well-known/openid-configuration": reply(configuration, "application/json"),
    [JWKS_PATH]: reply({ keys: [jwk] }, "application/jwk-set+json"),
  };
  return (path) => Object.hasOwn(documents, path) ? documents[path] : undefined;
}

function reply(content: unknown, type: string): Reply {
  const body = new TextEncoder().encode(JSON.stringify(content));
  return { status: 200, headers: headersOf(type), body };
}
