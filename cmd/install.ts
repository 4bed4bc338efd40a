import { SYSTEM_PATH } from "./host_checks.ts";

/** How long another apt may hold its lock before ours gives up. */
const LOCK_PATIENCE_SECONDS = 180;

/** Lines of apt that say what it is at. */
const AT_WORK = /^(Get:\d+|Unpacking|Setting up|Preparing to unpack) /;

/**
 * Installs Debian packages without a question, telling on the way what it is at.
 * @throws {Error} with apt's own last words
 */
export async function installPackages(
  packages: readonly string[],
  note: (text: string) => void = () => {},
): Promise<void> {
  if (packages.length === 0) return;
  note("fetching package lists");
  await aptGet(["update"], note);
  const more = packages.includes("docker.io") ? ["ca-certificates"] : []; // for registries
  await aptGet(["install", "--yes", "--no-install-recommends", ...packages, ...more], note);
}

async function aptGet(args: readonly string[], note: (text: string) => void): Promise<void> {
  const child = new Deno.Command("apt-get", {
    args: ["-o", `DPkg::Lock::Timeout=${LOCK_PATIENCE_SECONDS}`, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { PATH: SYSTEM_PATH, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
  }).spawn();
  const errors = new Response(child.stderr).text();
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines.filter((line) => AT_WORK.test(line))) note(line.slice(0, 60));
  }
  const { code } = await child.status;
  if (code === 0) return;
  const words = (await errors).trim().split("\n").filter((line) => line.startsWith("E:")).join(" ");
  throw new Error(`apt-get ${args[0]} failed: ${words || (await errors).trim()}`);
}
