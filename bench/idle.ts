import { ms } from "./api.ts";
import type { Row } from "./run.ts";
import { type Cluster, startCluster } from "../tests/e2e/cluster.ts";
import { usageOf } from "../tests/fixtures/usage.ts";

const IDLE_SECONDS = 60;
const SETTLE_SECONDS = 15;

/** Memory and CPU of master and agent while nothing happens, and what they write to the store meanwhile. */
export async function run(): Promise<Row[]> {
  await using cluster = await startCluster({ example: true });
  await seconds(SETTLE_SECONDS);
  const names = ["master", "agent"] as const;
  const before = await Promise.all(
    names.map(async (name) => await usageOf(await cluster.pid(name))),
  );
  const revision = await storeRevision(cluster);
  await seconds(IDLE_SECONDS);
  const after = await Promise.all(
    names.map(async (name) => await usageOf(await cluster.pid(name))),
  );
  const rows = names.map((name, i) => ({
    what: `${name}, idle`,
    figure: `${megabytes(after[i]!.rssBytes)} RSS, ${
      percent(after[i]!.cpuMs - before[i]!.cpuMs)
    } of a core`,
  }));
  const total = after.reduce((sum, { rssBytes }) => sum + rssBytes, 0);
  const writes = await storeRevision(cluster) - revision;
  return [
    ...rows,
    { what: "master and agent together", figure: megabytes(total), goal: "≤ 200 MB" },
    {
      what: `writes to the store in ${ms(IDLE_SECONDS * 1000)}`,
      figure: String(writes),
      goal: "≤ 1",
    },
  ];
}

async function storeRevision({ kubectl }: Cluster): Promise<number> {
  const list = JSON.parse(await kubectl.run("get", "--raw", "/api/v1/namespaces")) as {
    metadata: { resourceVersion: string };
  };
  return Number(list.metadata.resourceVersion);
}

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const percent = (cpuMs: number) => `${(cpuMs / IDLE_SECONDS / 10).toFixed(2)} %`;
