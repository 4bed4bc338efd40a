import type { Reply } from "./exchange.ts";
import { textReply } from "./replies.ts";

/** @returns why the part is not well, or undefined */
export type Check = () => string | undefined;

const ROOTS = ["healthz", "livez", "readyz"];

/** Answers `/healthz`, `/livez`, `/readyz` and one check under each; undefined for other paths. */
export function healthReply(
  segments: readonly string[],
  query: URLSearchParams,
  checks: Readonly<Record<string, Check>>,
): Reply | undefined {
  const [root = "", name] = segments;
  if (!ROOTS.includes(root) || segments.length > 2) return undefined;
  const asked = Object.entries(checks).filter(([check]) => name === undefined || check === name);
  if (asked.length === 0) return undefined;
  const failed = asked.filter(([, check]) => check() !== undefined).map(([check]) => check);
  if (failed.length === 0 && !query.has("verbose")) return textReply("ok");
  const lines = asked.map(([check]) =>
    failed.includes(check) ? `[-]${check} failed: reason withheld` : `[+]${check} ok`
  );
  const end = failed.length === 0 ? `${root} check passed` : `${root} check failed`;
  return textReply(`${[...lines, end].join("\n")}\n`, failed.length === 0 ? 200 : 500);
}
