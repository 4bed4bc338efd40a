import { gatherEntropy } from "./entropy.ts";
import { helpText, type HostDefaults, parseCommand, type Settings } from "./flags.ts";
import { hostDefaults } from "./host_defaults.ts";
import { setLogFormat } from "./log.ts";
import { VERSION } from "./version.ts";

/** Every command loads only what it needs: the master no container engine, the agent no store. */
async function dispatch(args: readonly string[], host: HostDefaults): Promise<void> {
  const { command, settings, given } = parseCommand(args, host);
  setLogFormat(settings.loggingFormat);
  keepOffProxies(settings);
  if (command === "master" || command === "agent") gatherEntropy();
  switch (command) {
    case "up":
      return (await import("./up.ts")).up(settings);
    case "down":
      return (await import("./down.ts")).down(settings);
    case "master":
      return (await import("./master.ts")).master(settings);
    case "agent":
      return (await import("./agent.ts")).agent(settings);
    case "token":
      return (await import("./token.ts")).token(settings);
    case "hollow":
      return (await import("./hollow.ts")).hollow(settings);
    case "snapshot":
      return (await import("./copies.ts")).snapshot(settings);
    case "export":
      return (await import("./copies.ts")).exportAll(settings);
    case "import":
      return (await import("./copies.ts")).importAll(settings);
    case "install":
      return (await import("./install_host.ts")).install(settings, given);
    case "uninstall":
      return (await import("./uninstall_host.ts")).uninstall(settings, host);
    case "version":
      return console.log(`wherry ${VERSION}`);
    case "help":
      return console.log(helpText());
  }
}

/** A proxy of the environment is for registries; the cluster's own addresses are reached without one. */
function keepOffProxies(settings: Settings): void {
  const { advertiseAddress, serviceCidr, clusterCidr, join: { server } } = settings;
  const had = Deno.env.get("NO_PROXY") ?? Deno.env.get("no_proxy") ?? "";
  const own = ["127.0.0.1", "localhost", advertiseAddress, serviceCidr, clusterCidr];
  if (server !== "") own.push(new URL(server).hostname);
  const all = [...had.split(",").filter((name) => name !== ""), ...own].join(",");
  Deno.env.set("NO_PROXY", all);
  Deno.env.set("no_proxy", all);
}

if (import.meta.main) {
  try {
    await dispatch(Deno.args, await hostDefaults());
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // What a user can act on is a sentence; a mistake of ours shows where it is.
    const isOurs = error instanceof TypeError || error instanceof ReferenceError;
    console.error(isOurs ? error.stack : error.message);
    Deno.exit(1);
  }
}
