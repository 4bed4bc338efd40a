import { isInstalled } from "../cmd/host_checks.ts";
import { installPackages } from "../cmd/install.ts";
import { run } from "../images/debian.ts";
import { minorOf } from "../tests/fixtures/kubectl_versions.ts";

/** The oldest that prints what the transcripts in tests/kubectl hold; Debian 12's own is 20. */
const MINOR_MIN = 30;

/** The Debian release whose kubectl is new enough, and runs on Debian 12's C library. */
const RELEASE = "trixie";

/** Of the package debian-archive-keyring. */
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Puts a kubectl before the one of this machine when that is missing or too old to be compared with.
 * @returns the folder to search first; undefined when the machine's own will do
 */
export async function newerKubectl(): Promise<string | undefined> {
  if (await isInstalled("kubectl") && await minorOf() >= MINOR_MIN) return undefined;
  const cache = `${Deno.env.get("HOME") ?? "/root"}/.cache/wherry-tests`;
  const folder = `${cache}/kubectl-${RELEASE}`;
  const isThere = await Deno.stat(`${folder}/kubectl`).then(() => true, () => false);
  if (isThere) return folder;
  console.log(`Fetching kubectl of Debian's ${RELEASE}: the tests compare with what it prints`);
  await installPackages(["debian-archive-keyring"]); // signs for the newer release as well
  const draft = await Deno.makeTempDir({ prefix: "wherry-kubectl-" });
  try {
    await fetchInto(draft);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.copyFile(`${draft}/unpacked/usr/bin/kubectl`, `${folder}/kubectl.new`);
    await Deno.chmod(`${folder}/kubectl.new`, 0o755);
    await Deno.rename(`${folder}/kubectl.new`, `${folder}/kubectl`);
  } finally {
    await Deno.remove(draft, { recursive: true });
  }
  return folder;
}

/** With lists of its own: the machine's packages stay those of its release. */
async function fetchInto(folder: string): Promise<void> {
  for (const path of ["lists/partial", "cache/archives/partial"]) {
    await Deno.mkdir(`${folder}/${path}`, { recursive: true });
  }
  const sources = `${folder}/sources.list`;
  await Deno.writeTextFile(sources, sourceLine(await indexTargets()));
  const options = [
    `Dir::Etc::SourceList=${sources}`,
    "Dir::Etc::SourceParts=/dev/null",
    `Dir::State::Lists=${folder}/lists`,
    "Dir::State::status=/dev/null",
    `Dir::Cache=${folder}/cache`,
    "APT::Sandbox::User=root",
  ].flatMap((option) => ["-o", option]);
  await run("apt-get", [...options, "-q", "update"]);
  await run("apt-get", [...options, "-q", "download", "kubectl"], { cwd: folder });
  await run("sh", ["-ec", "dpkg-deb -x kubectl_*.deb unpacked"], { cwd: folder });
}

function indexTargets(): Promise<string> {
  const format = ["--format", "$(ORIGIN) $(COMPONENT) $(CODENAME) $(REPO_URI)"];
  return run("apt-get", ["indextargets", ...format, "Created-By: Packages"]);
}

/** The newer release from where the machine has its own. @throws {Error} when it has none of Debian's */
export function sourceLine(targets: string): string {
  const uri = /^Debian main [a-z]+ (\S+)$/m.exec(targets)?.[1];
  if (uri === undefined) {
    throw new Error("Cannot fetch kubectl: apt has no source of Debian's main");
  }
  return `deb [signed-by=${KEYRING}] ${uri} ${RELEASE} main\n`;
}
