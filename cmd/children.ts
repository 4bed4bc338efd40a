import { SYSTEM_PATH } from "./host_checks.ts";
import { asFlags, type Settings } from "./flags.ts";
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

const REPOSITORY = new URL("../", import.meta.url).pathname;

/** Half the memory after load for the same throughput: the young generation stays in the cache. */
const V8_FLAGS = "--v8-flags=--max-semi-space-size=2";

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
  const args = ["run", "-A", "--quiet", `--config=${REPOSITORY}deno.json`, V8_FLAGS];
  const background = startInBackground(
    Deno.execPath(),
    [...args, `${REPOSITORY}cmd/wherry.ts`, child, ...asFlags(settings)],
    { logFile, env: { PATH: pathWithSystem(), WHERRY_BACKGROUND: "1" } },
  );
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

/** The path as it is, and behind it what administrators' programs need. */
function pathWithSystem(): string {
  return `${Deno.env.get("PATH") ?? ""}:${SYSTEM_PATH}`;
}
