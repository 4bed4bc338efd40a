import type { Secret } from "../api/types/core_v1.ts";
import { SECRETS } from "../api/types/resources.ts";
import { hashOfAuthority } from "./cluster_info.ts";
import { readRecord } from "./cluster_record.ts";
import { connect } from "./connection.ts";
import { ADMIN_USER, parseTokens, tokenOf } from "./credentials.ts";
import { readIfThere } from "./files.ts";
import type { Settings } from "./flags.ts";
import { serverOf } from "./identity.ts";
import { asTyped } from "./own_program.ts";
import { pathsOf } from "./paths.ts";
import { CA_FILE } from "./pki.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const ID_LENGTH = 6;
const SECRET_LENGTH = 16;

/** Makes a token on a master's host, and prints the command by which another host joins. */
export async function token(asked: Settings): Promise<void> {
  const record = await readRecord(asked.dataDir);
  const settings = { ...asked, ...record?.settings, tokenLifeMs: asked.tokenLifeMs };
  const paths = pathsOf(settings.dataDir);
  const tokens = await readIfThere(paths.tokens);
  if (tokens === undefined) {
    throw new Error(`${settings.dataDir} holds no cluster: make the token on a master's host`);
  }
  const caPem = await Deno.readTextFile(`${paths.pki}/${CA_FILE}.crt`);
  const server = serverOf(settings);
  using connection = await connect(server, paths, {
    token: tokenOf(parseTokens(tokens), ADMIN_USER),
  });
  const made = newBootstrapToken(settings.tokenLifeMs, Date.now());
  await connection.api.create(SECRETS, made.secret);
  console.log(joinCommand(settings, made.token, hashOfAuthority(caPem)));
}

function joinCommand(
  { advertiseAddress, apiPort, clusterName }: Settings,
  token: string,
  caHash: string,
): string {
  const name = clusterName === "wherry" ? "" : ` --cluster-name=${clusterName}`;
  const server = `https://${advertiseAddress}:${apiPort}`;
  return `${asTyped("agent")} --server=${server} --token=${token} --ca-hash=${caHash}${name}`;
}

/** @param lifeMs 0 for ever. Source of the form: Kubernetes, bootstrap tokens */
function newBootstrapToken(
  lifeMs: number,
  now: number,
): { token: string; secret: Secret } {
  const [id, secret] = [letters(ID_LENGTH), letters(SECRET_LENGTH)];
  const expiration = new Date(now + lifeMs).toISOString().replace(/\.\d+Z$/, "Z");
  const data = {
    "token-id": id,
    "token-secret": secret,
    "usage-bootstrap-authentication": "true",
    "usage-bootstrap-signing": "true",
    "description": "for one more node",
    ...(lifeMs > 0 && { expiration }),
  };
  return {
    token: `${id}.${secret}`,
    secret: {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" },
      type: "bootstrap.kubernetes.io/token",
      data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, btoa(text)])),
    },
  };
}

/** Bytes beyond the last whole set of letters are thrown away: every letter is as likely. */
function letters(length: number): string {
  let text = "";
  while (text.length < length) {
    const [byte = 255] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < 7 * LETTERS.length) text += LETTERS[byte % LETTERS.length];
  }
  return text;
}
