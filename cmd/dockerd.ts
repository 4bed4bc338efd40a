import type { Engine } from "../images/engine.ts";
import { readIfThere, removeIfThere } from "./files.ts";
import { SYSTEM_PATH } from "./host_checks.ts";
import type { Paths } from "./paths.ts";
import {
  type Background,
  recordProcess,
  runningProcess,
  startInBackground,
  stopProcess,
  tailOf,
} from "./processes.ts";

/** A first start makes its folders and may replay a journal. */
const START_PATIENCE_MS = 30_000;
const STOP_PATIENCE_MS = 20_000;
const LOOK_MS = 50;

/** Pods are wired by the agent: the engine shall make neither a bridge nor rules. */
const FLAGS = ["--iptables=false", "--ip6tables=false", "--bridge=none"];

/**
 * Starts dockerd unless an engine answers already, whoever started that one. It keeps its images where
 * Debian's would, so that either finds them.
 * @throws {Error} when it does not come up, with the end of its log
 */
export async function ensureEngine(engine: Engine, paths: Paths): Promise<string> {
  const version = await engine.version();
  if (version !== undefined) return `Docker ${version} answers at ${engine.host}`;
  await rejectSilentEngine();
  const ownPidFile = `${paths.dataDir}/run/dockerd.own.pid`;
  await removeIfThere(ownPidFile); // of an engine that no longer runs: nothing answers
  const logFile = paths.logFile("dockerd");
  const args = [`--host=${engine.host}`, `--pidfile=${ownPidFile}`, ...FLAGS];
  const dockerd = startInBackground("dockerd", args, { logFile, env: { PATH: SYSTEM_PATH } });
  await recordProcess(paths.pidFile("dockerd"), dockerd.pid);
  return `Docker ${await firstAnswer(engine, dockerd, logFile)} started at ${engine.host}`;
}

async function firstAnswer(engine: Engine, dockerd: Background, logFile: string): Promise<string> {
  const deadline = Date.now() + START_PATIENCE_MS;
  let end: string | undefined;
  dockerd.ended.then((how) => end = how);
  while (Date.now() < deadline && end === undefined) {
    const version = await engine.version();
    if (version !== undefined) {
      dockerd.release();
      return version;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  const how = end ?? `no answer after ${START_PATIENCE_MS / 1000} s`;
  throw new Error(`dockerd did not start (${how}); its log ends with:\n${await tailOf(logFile)}`);
}

/** A second engine on the same folders would do harm. */
async function rejectSilentEngine(): Promise<void> {
  const pid = (await readIfThere("/var/run/docker.pid") ?? "").trim();
  const name = pid === "" ? undefined : await readIfThere(`/proc/${pid}/comm`);
  if (name?.trim() === "dockerd") {
    throw new Error(`dockerd runs as process ${pid}, but does not answer: stop it, or wait for it`);
  }
}

/**
 * Stops the engine if it was started for this cluster and nobody else has containers in it.
 * @returns what was done, or undefined when the engine is not ours
 */
export async function stopEngine(engine: Engine, paths: Paths): Promise<string | undefined> {
  const pidFile = paths.pidFile("dockerd");
  if (await runningProcess(pidFile) === undefined) {
    await removeIfThere(pidFile);
    return undefined;
  }
  const others = await engine.listContainers().catch(() => []);
  if (others.length > 0) return `left running for ${others.length} containers of others`;
  return await stopProcess(pidFile, STOP_PATIENCE_MS);
}
