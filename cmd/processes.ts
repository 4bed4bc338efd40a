import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readIfThere, removeIfThere, writeWhole } from "./files.ts";

/** A process of ours, told apart from a later one that got the same number by when it started. */
export interface RecordedProcess {
  readonly pid: number;
  /** Clock ticks after the start of the machine: field 22 of /proc/PID/stat. */
  readonly startTicks: string;
}

/** @returns undefined when there is no such process, or only what is left for its parent to collect */
async function startTicksOf(pid: number): Promise<string | undefined> {
  const stat = await readIfThere(`/proc/${pid}/stat`).catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name, in parentheses, may hold spaces: count from behind it. State is field 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

export async function recordProcess(pidFile: string, pid: number): Promise<void> {
  const startTicks = await startTicksOf(pid);
  if (startTicks === undefined) return;
  await writeWhole(pidFile, `${pid} ${startTicks}\n`, 0o644);
}

/** The process that the file tells of, if it is still the same one and alive. */
export async function runningProcess(pidFile: string): Promise<RecordedProcess | undefined> {
  const [pid = "", startTicks = ""] = (await readIfThere(pidFile) ?? "").trim().split(" ");
  if (!/^\d+$/.test(pid)) return undefined;
  const isSame = await startTicksOf(Number(pid)) === startTicks;
  return isSame ? { pid: Number(pid), startTicks } : undefined;
}

/** A process that was started in the background, and its end. */
export interface Background {
  readonly pid: number;
  /** Resolves with how it ended, should it do so while we look. */
  readonly ended: Promise<string>;
  /** Lets our own process end before it does. */
  release(): void;
}

/** In a session of its own, so that neither a closed terminal nor Ctrl-C reaches it; output to `logFile`. */
export function startInBackground(
  program: string,
  args: readonly string[],
  options: { logFile: string; env?: Readonly<Record<string, string>> },
): Background {
  const log = openSync(options.logFile, "a", 0o600);
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
    env: { ...Deno.env.toObject(), ...options.env },
  });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once(
      "exit",
      (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`),
    );
  });
  if (child.pid === undefined) throw new Error(`Cannot start ${program}`);
  return { pid: child.pid, ended, release: () => child.unref() };
}

/** How often an ending process is looked at; there is no event for one that is not our child. */
const LOOK_MS = 20;

/**
 * Asks the process to end and waits until it has; after `patienceMs` it is killed.
 * @returns what was done, or undefined when it was not running
 */
export async function stopProcess(
  pidFile: string,
  patienceMs: number,
): Promise<"stopped" | "killed" | undefined> {
  const running = await runningProcess(pidFile);
  if (running === undefined) {
    await removeIfThere(pidFile);
    return undefined;
  }
  signal(running.pid, "SIGTERM");
  const hasEnded = await waitForEnd(running, patienceMs);
  if (!hasEnded) {
    signal(running.pid, "SIGKILL");
    await waitForEnd(running, patienceMs);
  }
  await removeIfThere(pidFile);
  return hasEnded ? "stopped" : "killed";
}

async function waitForEnd(process: RecordedProcess, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  while (await startTicksOf(process.pid) === process.startTicks) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return true;
}

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // ended in between
  }
}

/** The last lines of a log, for who wants to know why a process ended. */
export async function tailOf(logFile: string, lines = 5): Promise<string> {
  const text = await readIfThere(logFile) ?? "";
  return text.trimEnd().split("\n").slice(-lines).join("\n");
}
