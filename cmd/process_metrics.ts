import { readFileSync } from "node:fs";
import type { MetricRegistry } from "../api/types/metrics.ts";
import { VERSION_INFO } from "./version.ts";

/** Source: Linux, USER_HZ: the unit of times in /proc, on every architecture that Deno runs on. */
const TICKS_PER_SECOND = 100;

/** What Prometheus's own clients tell of their process, read when somebody asks. */
export function countProcess(metrics: MetricRegistry, startedAt: number): void {
  const gauge = (name: string, help: string) => metrics.gauge(name, help);
  const cpu = metrics.counter("process_cpu_seconds_total", "Time that all cores gave the process.");
  const resident = gauge("process_resident_memory_bytes", "Memory in use.");
  const virtual = gauge("process_virtual_memory_bytes", "Address space in use.");
  const files = gauge("process_open_fds", "Open files and connections.");
  const filesMax = gauge("process_max_fds", "Open files and connections that are allowed.");
  gauge("process_start_time_seconds", "When it began.").set(startedAt / 1_000);
  const { major, minor, gitVersion, gitCommit, platform } = VERSION_INFO;
  metrics.gauge(
    "kubernetes_build_info",
    "Which version serves.",
    ["major", "minor", "git_version", "git_commit", "platform"],
  ).set(1, major, minor, gitVersion, gitCommit, platform);
  metrics.onText(() => {
    const { utime, stime, bytes } = readStat();
    cpu.set((utime + stime) / TICKS_PER_SECOND);
    virtual.set(bytes);
    resident.set(Deno.memoryUsage().rss);
    files.set([...Deno.readDirSync("/proc/self/fd")].length);
    const limit = /^Max open files\s+(\d+)/m.exec(read("limits"))?.[1];
    filesMax.set(Number(limit ?? 0));
  });
}

/** Source: proc(5); the name of the command may hold spaces, and ends with the last parenthesis. */
function readStat(): { utime: number; stime: number; bytes: number } {
  const stat = read("stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  return { utime: fields[11] ?? 0, stime: fields[12] ?? 0, bytes: fields[20] ?? 0 };
}

/** `Deno.readTextFileSync` reads by size, and these say that they are empty. */
function read(file: string): string {
  return readFileSync(`/proc/self/${file}`, "utf8");
}
