/**
 * `deno task compile`: writes `wherry`, one file that runs every command on a host with neither Deno nor this
 * repository. It is a few lines of shell, and behind them Deno itself, all modules in one, and what they open at run
 * time, in the folders that they expect. docs/decisions/0034 says why not `deno compile`.
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { VERSION } from "../cmd/version.ts";
import { run } from "../images/debian.ts";
import { type Beside, filesBeside, layTree, SHIPPED } from "./compile/payload.ts";

const LAUNCHER = new URL("./compile/launcher.sh", import.meta.url);

/** As cmd/own_program.ts runs a child from the repository; the launcher knows $young. */
const RUN_FLAGS = ["--unstable-kv", "--v8-flags=--max-semi-space-size=$young"];

/** @returns the launcher's lines, with the place where the payload begins; it counts itself */
export function launcherFor(
  template: string,
  values: { version: string; id: string; flags: string },
): string {
  const filled = template
    .replace("@VERSION@", values.version)
    .replace("@ID@", values.id)
    .replace("@FLAGS@", values.flags)
    .replace(/^# @END@\n$/m, "");
  // The offset's own digits move it: `tail -c +N` counts from 1.
  const length = new TextEncoder().encode(filled).length - "@OFFSET@".length;
  const digits = [1, 2, 3, 4, 5].find((digits) => `${length + digits + 1}`.length === digits);
  if (digits === undefined) throw new Error("The launcher is too long");
  return filled.replace("@OFFSET@", `${length + digits + 1}`);
}

export async function compile(output: string): Promise<{ bytes: number; beside: Beside }> {
  const folder = await Deno.makeTempDir({ prefix: "wherry-compile-" });
  try {
    const beside = await filesBeside(SHIPPED);
    await layTree(`${folder}/tree`, beside);
    await run("sh", ["-ec", PACK, "sh", `${folder}/tree`, `${folder}/payload`]);
    const payload = await Deno.readFile(`${folder}/payload`);
    const hash = createHash("sha256").update(payload).digest("hex").slice(0, 16);
    const launcher = launcherFor(await Deno.readTextFile(LAUNCHER), {
      version: VERSION,
      id: `${VERSION}-${hash}`,
      flags: RUN_FLAGS.join(" "),
    });
    const draft = `${output}.new`;
    await Deno.writeTextFile(draft, launcher, { mode: 0o755 });
    await Deno.chmod(draft, 0o755);
    await Deno.writeFile(draft, payload, { append: true });
    await Deno.rename(draft, output);
    return { bytes: (await Deno.stat(output)).size, beside };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The same tree gives the same bytes. The last file in the archive proves that all before it are there. */
const PACK = [
  'cd "$1"',
  ": >complete",
  'set -- "$2" --mtime=@0 --owner=0 --group=0 --numeric-owner',
  "out=$1; shift",
  'find . -type f ! -name complete | sort >"$out.list"',
  'echo ./complete >>"$out.list"',
  'tar "$@" -cf - -T "$out.list" | gzip -6n >"$out"',
].join("\n");

if (import.meta.main) {
  const { values: { output } } = parseArgs({
    options: { output: { type: "string", default: "wherry" } },
  });
  const { bytes, beside } = await compile(output);
  const files = [...beside.entries, ...beside.files].length;
  console.log(`${output}: ${(bytes / 1e6).toFixed(1)} MB, with ${files} files beside the modules`);
}
