import { dirname } from "node:path";
import { Engine } from "../images/engine.ts";
import { readIfThere, removeIfThere } from "./files.ts";
import { FLAGS, type Settings } from "./flags.ts";
import { observeHost, planHost, rejectNotRoot } from "./host_checks.ts";
import { installPackages } from "./install.ts";
import {
  environmentFileOf,
  type Installed,
  planInstall,
  rejectUnquotable,
  type Role,
  ROLES,
  serviceOf,
} from "./installation.ts";
import { COMPILED } from "./own_program.ts";
import { Progress } from "./progress.ts";
import { startService, whichManager } from "./service_manager.ts";

const DEPLOY = {
  "wherry-master.service": new URL("../deploy/wherry-master.service", import.meta.url),
  "wherry-agent.service": new URL("../deploy/wherry-agent.service", import.meta.url),
  "wherry-master.conf": new URL("../deploy/wherry-master.conf", import.meta.url),
  "wherry-agent.conf": new URL("../deploy/wherry-agent.conf", import.meta.url),
};

/** Flags that say how to install, and are none of the processes'. */
const OF_INSTALL: readonly (keyof typeof FLAGS)[] = ["role", "root", "dry-run"];

/**
 * Lays this program, its settings and its services on the host and starts them, with the flags that it was given. Twice
 * in a row changes nothing; with other flags, or as a newer program, the processes are started anew.
 * @throws {Error} one sentence for what is wrong
 */
export async function install(settings: Settings, given: readonly string[]): Promise<void> {
  if (COMPILED === undefined) {
    throw new Error("Cannot install modules: `deno task compile` makes the one file; run that");
  }
  const flags = given.filter((flag) =>
    !OF_INSTALL.some((name) => flag === `--${name}` || flag.startsWith(`--${name}=`))
  );
  rejectUnquotable(flags);
  const { root, isDryRun, roles } = settings.installation;
  const manager = await whichManager(root);
  const files = planInstall({
    ...{ roles, manager, program: COMPILED, flags },
    environments: await textsOf(
      ROLES.map((role) => [environmentFileOf(role), `${root}${environmentFileOf(role)}`]),
    ),
    services: await textsOf(Object.entries(DEPLOY).map(([name, url]) => [name, url.pathname])),
  });
  if (isDryRun) return console.log(files.map(inWords).join("\n"));
  const progress = new Progress();
  const isThisHost = root === "";
  if (isThisHost) await prepareHost(settings, roles, progress);
  let changed = 0;
  await progress.step("files", async () => {
    for (const file of files) changed += await lay(root, file) ? 1 : 0;
    return `${changed} of ${files.length} are new: ${files.map(({ path }) => path).join(", ")}`;
  });
  if (!isThisHost) return;
  for (const role of roles) {
    await progress.step(serviceOf(role), () => startService(manager, role, changed > 0));
  }
}

async function prepareHost(
  settings: Settings,
  roles: readonly Role[],
  progress: Progress,
): Promise<void> {
  rejectNotRoot();
  if (!roles.includes("agent")) return;
  const engine = new Engine(settings.dockerHost);
  try {
    await progress.step("host", async () => {
      const { lacks, packages } = planHost(await observeHost(await engine.version()), settings);
      if (lacks.length > 0) throw new Error(lacks.join("\n"));
      await installPackages(packages, (text) => progress.note(text));
      return packages.length === 0 ? "nothing is missing" : `${packages.join(", ")} installed`;
    });
  } finally {
    engine.close();
  }
}

async function textsOf(
  files: readonly (readonly [string, string])[],
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const [name, path] of files) {
    const text = await readIfThere(path);
    if (text !== undefined) texts.set(name, text);
  }
  return texts;
}

function inWords(file: Installed): string {
  if ("linkTo" in file) return `link ${file.path} to ${file.linkTo}`;
  if ("copyOf" in file) return `copy ${file.copyOf} to ${file.path}`;
  return `write ${file.path}`;
}

/** The old or the new file, also after a crash in between. @returns whether anything changed */
async function lay(root: string, file: Installed): Promise<boolean> {
  const path = `${root}${file.path}`;
  const draft = `${path}.new`;
  await Deno.mkdir(dirname(path), { recursive: true });
  if ("linkTo" in file) {
    if (await Deno.readLink(path).catch(() => undefined) === file.linkTo) return false;
    await removeIfThere(draft);
    await Deno.symlink(file.linkTo, draft);
  } else if ("copyOf" in file) {
    if (await isSameFile(file.copyOf, path)) return false;
    await Deno.copyFile(file.copyOf, draft);
    await Deno.chmod(draft, file.mode);
  } else {
    if (await readIfThere(path) === file.text) return false;
    await removeIfThere(draft);
    await Deno.writeTextFile(draft, file.text, { mode: file.mode, createNew: true });
    await Deno.chmod(draft, file.mode);
  }
  await Deno.rename(draft, path);
  return true;
}

/** Two compiled files are the same where their launchers are: those hold the hash of the rest. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map(async (path) => {
    try {
      using file = await Deno.open(path);
      const { size } = await file.stat();
      const head = new Uint8Array(4_096);
      await file.read(head);
      return `${size} ${head.toHex()}`;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }));
  return a === b;
}
