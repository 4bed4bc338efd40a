import { generateKeyPairSync } from "node:crypto";
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
