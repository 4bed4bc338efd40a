import { asFlags } from "./as_flags.ts";
import type { Settings } from "./flags.ts";
import { AGENT_MEMORY, ownProgram, pathWithSystem } from "./own_program.ts";
import { pathsOf } from "./paths.ts";
import {
  type Background,
  recordProcess,
  runningProcess,
  startInBackground,
  stopProcess,
  tailOf,
} from "./processes.ts";

export type Child = "master" | "agent";

/** An orderly end takes far less; whoever needs longer hangs. */
export const STOP_PATIENCE_MS = 15_000;

/** What became of a wish for a running process. */
export interface Started {
  readonly pid: number;
  readonly isNew: boolean;
  /** Ends with the process's own last words when it ends early; never resolves. */
  readonly died: Promise<never>;
  release(): void;
}

/** Starts the process unless it runs already. */
export async function ensureChild(child: Child, settings: Settings): Promise<Started> {
  const paths = pathsOf(settings.dataDir);
  const running = await runningProcess(paths.pidFile(child));
  if (running !== undefined) {
    const died = new Promise<never>(() => {});
    return { pid: running.pid, isNew: false, died, release: () => {} };
  }
  const logFile = paths.logFile(child);
  const { program, args } = ownProgram([child, ...asFlags(settings)]);
  const memory = child === "agent" ? AGENT_MEMORY : {};
  const env = {
    PATH: pathWithSystem(),
    WHERRY_BACKGROUND: "1",
    DENO_NO_UPDATE_CHECK: "1", // nobody outside is asked, as in tools/compile/launcher.sh
    ...memory,
  };
  const background = startInBackground(program, args, { logFile, env });
  await recordProcess(paths.pidFile(child), background.pid);
  const died = lastWords(child, background, logFile);
  died.catch(() => {}); // nobody may be waiting any more
  return { pid: background.pid, isNew: true, died, release: background.release };
}

async function lastWords(child: Child, background: Background, log: string): Promise<never> {
  const how = await background.ended;
  throw new Error(`The ${child} ended (${how}); ${log} ends with:\n${await tailOf(log)}`);
}

export async function stopChild(child: Child, settings: Settings): Promise<string | undefined> {
  return await stopProcess(pathsOf(settings.dataDir).pidFile(child), STOP_PATIENCE_MS);
}
