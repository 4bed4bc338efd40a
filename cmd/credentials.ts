import { readIfThere, writeWhole } from "./files.ts";
import type { Paths } from "./paths.ts";
import { CA_FILE } from "./pki.ts";

/** A bearer token and who it stands for. */
export interface Token {
  readonly token: string;
  readonly user: string;
  readonly uid: string;
  readonly groups: readonly string[];
}

export const ADMIN_USER = "kubernetes-admin";
export const nodeUser = (nodeName: string) => `system:node:${nodeName}`;

/** 256 bits: nobody guesses it. */
const TOKEN_BYTES = 32;

/** Reads the tokens, after making those that are missing. */
export async function ensureTokens(paths: Paths, nodeName: string): Promise<readonly Token[]> {
  const tokens = parseTokens(await readIfThere(paths.tokens) ?? "");
  const wanted: Omit<Token, "token">[] = [
    { user: ADMIN_USER, uid: "admin", groups: ["system:masters"] },
    { user: nodeUser(nodeName), uid: nodeName, groups: ["system:nodes"] },
  ];
  const missing = wanted.filter(({ user }) => !tokens.some((token) => token.user === user));
  if (missing.length === 0) return tokens;
  const all = [...tokens, ...missing.map((who) => ({ token: newToken(), ...who }))];
  await writeWhole(paths.tokens, formatTokens(all), 0o600);
  return all;
}

export function tokenOf(tokens: readonly Token[], user: string): string {
  const found = tokens.find((token) => token.user === user);
  if (found === undefined) throw new Error(`Cannot find the token of ${user}`);
  return found.token;
}

function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)).toBase64({ alphabet: "base64url" })
    .replaceAll("=", "");
}

/** Lines without the four columns are refused: a token that is half read would lock somebody out. */
export function parseTokens(text: string): Token[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return lines.map((line, at) => {
    const match = /^([^,"]+),([^,"]+),([^,"]*)(?:,"([^"]*)"|,([^,"]+))?$/.exec(line.trim());
    if (match === null) throw new Error(`Cannot read line ${at + 1} of the token file`);
    const [, token = "", user = "", uid = "", quoted, single] = match;
    const groups = (quoted ?? single ?? "").split(",").filter((group) => group !== "");
    return { token, user, uid, groups };
  });
}

function formatTokens(tokens: readonly Token[]): string {
  return tokens.map(({ token, user, uid, groups }) =>
    `${token},${user},${uid},"${groups.join(",")}"\n`
  ).join("");
}

/** For kubectl, with everything in it: the file can be copied to another machine. */
export function kubeconfigText(
  cluster: { name: string; server: string; caPem: string; token: string },
): string {
  const { name, server, caPem, token } = cluster;
  const user = `${name}-admin`;
  const lines = [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    `- name: ${name}`,
    "  cluster:",
    `    server: ${server}`,
    `    certificate-authority-data: ${new TextEncoder().encode(caPem).toBase64()}`,
    "users:",
    `- name: ${user}`,
    "  user:",
    `    token: ${token}`,
    "contexts:",
    `- name: ${name}`,
    "  context:",
    `    cluster: ${name}`,
    `    user: ${user}`,
    `current-context: ${name}`,
  ];
  return lines.join("\n") + "\n";
}

export async function ensureKubeconfig(
  paths: Paths,
  cluster: { name: string; server: string; token: string },
): Promise<void> {
  const caPem = await Deno.readTextFile(`${paths.pki}/${CA_FILE}.crt`);
  const text = kubeconfigText({ ...cluster, caPem });
  if (await readIfThere(paths.kubeconfig) === text) return;
  await writeWhole(paths.kubeconfig, text, 0o600);
}
