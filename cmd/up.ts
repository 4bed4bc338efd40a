import { bringUp } from "./bring_up.ts";
import type { Settings } from "./flags.ts";
import { pathsOf } from "./paths.ts";
import { formatSeconds, Progress } from "./progress.ts";

export async function up(settings: Settings): Promise<void> {
  const started = performance.now();
  await bringUp(settings, new Progress());
  console.log(`\nUp in ${formatSeconds(performance.now() - started)}.\n\n${nextSteps(settings)}`);
}

function nextSteps(settings: Settings): string {
  const paths = pathsOf(settings.dataDir);
  const flag = settings.dataDir === "/var/lib/wherry" ? "" : ` --data-dir=${settings.dataDir}`;
  return [
    "Use it:",
    `  export KUBECONFIG=${paths.kubeconfig}`,
    "  kubectl get pods,services,nodes -o wide",
    "",
    `Logs:      ${paths.logFile("master")} and agent.log beside it`,
    `Stop it:   deno task down${flag}            (goes on with its data at the next up)`,
    `Remove it: deno task down${flag} --purge`,
  ].join("\n");
}
