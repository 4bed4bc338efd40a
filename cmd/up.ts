import { bringUp } from "./bring_up.ts";
import { FLAGS, type Settings } from "./flags.ts";
import { asTyped } from "./own_program.ts";
import { pathsOf } from "./paths.ts";
import { formatSeconds, Progress } from "./progress.ts";

export async function up(settings: Settings): Promise<void> {
  const started = performance.now();
  await bringUp(settings, new Progress());
  console.log(`\nUp in ${formatSeconds(performance.now() - started)}.\n\n${nextSteps(settings)}`);
}

function nextSteps(settings: Settings): string {
  const paths = pathsOf(settings.dataDir);
  const down = asTyped("down");
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
