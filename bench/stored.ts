import { startMaster } from "../tests/fixtures/master.ts";
import { count, createNamespace, fill, ms } from "./api.ts";
import type { Row } from "./run.ts";

const PODS = 30_000;
/** Until the runtime has collected what writing and reading left behind, and every component has its lists. */
const SETTLE_SECONDS = 20;

/** What a full store costs: memory after writing it and after a restart, and the time of that restart. */
export async function run(): Promise<Row[]> {
  const dataDir = await Deno.makeTempDir({ prefix: "wherry-bench-" });
  try {
    const empty = await startMaster({ dataDir });
    await createNamespace(empty, "stored");
    const pods = await fill(empty, "stored", PODS);
    const written = await residentBytes(empty.pid);
    await settle();
    const settled = await residentBytes(empty.pid);
    await empty.stop();
    const full = await startMaster({ dataDir });
    await settle();
    const loaded = await residentBytes(full.pid);
    await full.stop();
    return [
      { what: `RSS after ${count(pods)} pods were created`, figure: megabytes(written) },
      { what: `${SETTLE_SECONDS} s later`, figure: megabytes(settled), goal: "≤ 350 MB" },
      {
        what: `RSS ${SETTLE_SECONDS} s after a restart with them`,
        figure: megabytes(loaded),
        goal: "≤ 350 MB",
      },
      { what: "restart to /readyz with them", figure: ms(full.readyMs), goal: "≤ 2,000 ms" },
    ];
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, SETTLE_SECONDS * 1000));

async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
