import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import type { SignBeside } from "../api/authentication/signing_key.ts";
import { readIfThere, writeWhole } from "./files.ts";
import type { Paths } from "./paths.ts";

const FILE = "sa.key";

/**
 * The key that signs tokens of service accounts, as PEM; made on the first start. A token is good for every API server
 * that has the same key.
 */
export async function ensureSigningKey(paths: Paths): Promise<string> {
  const path = `${paths.pki}/${FILE}`;
  const there = await readIfThere(path);
  if (there !== undefined) return there;
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  await writeWhole(path, pem, 0o600);
  return pem;
}

/** Signs as ES256 does, by the runtime's threads: on the one that serves it would take most of a millisecond. */
export function signerBeside(pem: string): SignBeside {
  const how = { name: "ECDSA", hash: "SHA-256" };
  let key: Promise<CryptoKey> | undefined;
  return async (text) =>
    new Uint8Array(await crypto.subtle.sign(how, await (key ??= imported(pem)), text));
}

function imported(pem: string): Promise<CryptoKey> {
  const jwk = createPrivateKey(pem).export({ format: "jwk" }) as JsonWebKey;
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  return crypto.subtle.importKey("jwk", jwk, curve, false, ["sign"]);
}
