import { bringUp } from "./bring_up.ts";
import { FLAGS, type Settings } from "./flags.ts";
import { pathsOf } from "./paths.ts";
import { formatSeconds, Progress } from "./progress.ts";

export async function up(settings: Settings): Promise<void> {
  const started = performance.now();
  await bringUp(settings, new Progress());
  console.log(`\nUp in ${formatSeconds(performance.now() - started)}.\n\n${nextSteps(settings)}`);
}

/** As whoever runs this can type it again: Deno may have come with npx for this one command. */
function taskCommand(): string {
  const isByNpx = Deno.execPath().includes("/_npx/");
  return isByNpx ? `npx -y deno@${Deno.version.deno} task` : "deno task";
}

function nextSteps(settings: Settings): string {
  const paths = pathsOf(settings.dataDir);
  const down = `${taskCommand()} down`;
  const flag = settings.dataDir === FLAGS["data-dir"].default
    ? ""
    : ` --data-dir=${settings.dataDir}`;
  return [
    "Use it:",
    `  export KUBECONFIG=${paths.kubeconfig}`,
    "  kubectl get pods,services,nodes -o wide",
    "",
    `Logs:      ${paths.logFile("master")} and agent.log beside it`,
    `Stop it:   ${down}${flag}  (the next up goes on with its data)`,
    `Remove it: ${down}${flag} --purge`,
  ].join("\n");
}
