import { equal, ok } from "node:assert/strict";
import {
  recordProcess,
  runningProcess,
  startInBackground,
  stopProcess,
  tailOf,
} from "./processes.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("processes: one is found again by its file, and stopped once", () =>
  inFolder(async (folder) => {
    const pidFile = `${folder}/x.pid`;
    const child = startInBackground("sleep", ["60"], { logFile: `${folder}/log` });
    await recordProcess(pidFile, child.pid);
    equal((await runningProcess(pidFile))?.pid, child.pid);
    equal(await stopProcess(pidFile, 5_000), "stopped");
    equal(await child.ended, "signal SIGTERM");
    equal(await stopProcess(pidFile, 5_000), undefined);
  }));

Deno.test("processes: one that ignores SIGTERM is killed", () =>
  inFolder(async (folder) => {
    const pidFile = `${folder}/x.pid`;
    const script = `trap "" TERM; echo deaf; while :; do read x < ${folder}/never; done`;
    await new Deno.Command("mkfifo", { args: [`${folder}/never`] }).output();
    const child = startInBackground("sh", ["-c", script], { logFile: `${folder}/log` });
    await recordProcess(pidFile, child.pid);
    while (await tailOf(`${folder}/log`) !== "deaf") await new Promise((go) => setTimeout(go, 5));
    equal(await stopProcess(pidFile, 50), "killed");
    equal(await child.ended, "signal SIGKILL");
  }));

Deno.test("processes: a number that another process got meanwhile is not ours", () =>
  inFolder(async (folder) => {
    const pidFile = `${folder}/x.pid`;
    await Deno.writeTextFile(pidFile, `${Deno.pid} 1\n`);
    equal(await runningProcess(pidFile), undefined);
    equal(await stopProcess(pidFile, 10), undefined);
  }));

Deno.test("processes: the end of a log is told", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/log`, "a\nb\nc\n");
    equal(await tailOf(`${folder}/log`, 2), "b\nc");
    ok(await tailOf(`${folder}/none`) === "");
  }));
