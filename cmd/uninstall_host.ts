import type { HostDefaults, Settings } from "./flags.ts";
import { parseCommand } from "./flags.ts";
import { readIfThere, removeIfThere } from "./files.ts";
import { environmentFileOf, flagsIn, pathsToRemove, ROLES, serviceOf } from "./installation.ts";
import { rejectNotRoot } from "./host_checks.ts";
import { Progress } from "./progress.ts";
import { forgetServices, stopService, whichManager } from "./service_manager.ts";
import { takeDown } from "./take_down.ts";

/** Where the launcher unpacks the one file; see tools/compile/launcher.sh. */
const UNPACKED = "/var/cache/wherry";

/**
 * Takes away what `install` and the processes laid on the host: services, files, pods, links, rules, programs and
 * mounts. The data stays, unless `purge` is set. Where nothing is left of it, it does nothing.
 */
export async function uninstall(settings: Settings, host: HostDefaults): Promise<void> {
  const { root, isDryRun } = settings.installation;
  const paths = [...pathsToRemove(), UNPACKED];
  if (isDryRun) return console.log(paths.map((path) => `remove ${path}`).join("\n"));
  const progress = new Progress();
  if (root === "") await stopEverything(settings, host, progress);
  await progress.step("files", async () => {
    const there: string[] = [];
    for (const path of paths) {
      const isThere = await Deno.lstat(`${root}${path}`).then(() => true, () => false);
      if (isThere) there.push(path);
      await removeIfThere(`${root}${path}`);
    }
    return there.length === 0 ? "none was there" : `removed ${there.join(", ")}`;
  });
  if (root === "") await forgetServices(await whichManager(root));
}

async function stopEverything(
  settings: Settings,
  host: HostDefaults,
  progress: Progress,
): Promise<void> {
  rejectNotRoot();
  const manager = await whichManager("");
  for (const role of [...ROLES].reverse()) {
    await progress.step(serviceOf(role), () => stopService(manager, role));
  }
  const { purge } = settings;
  await takeDown({ ...await installedSettings(settings, host), purge }, progress);
}

/** The processes ran with these flags, so what they laid down carries these names. */
async function installedSettings(settings: Settings, host: HostDefaults): Promise<Settings> {
  for (const role of [...ROLES].reverse()) {
    const flags = flagsIn(await readIfThere(environmentFileOf(role)) ?? "");
    if (flags !== undefined) return parseCommand([role, ...flags], host).settings;
  }
  return settings;
}
