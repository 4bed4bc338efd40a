import { median, ms } from "./api.ts";
import type { Row } from "./run.ts";
import { startCluster } from "../tests/e2e/cluster.ts";

const PODS = 15;

/** One pod after another, its image on the node: from the create request to the Running phase in a watch. */
export async function run(): Promise<Row[]> {
  await using cluster = await startCluster({});
  const times: number[] = [];
  for (let i = 0; i < PODS; i += 1) times.push(await cluster.timePodStart(`start-${i}`));
  const sorted = times.toSorted((a, b) => a - b);
  return [
    { what: "create → Running, p50", figure: ms(median(times)), goal: "≤ 600 ms" },
    { what: "create → Running, slowest of 15", figure: ms(sorted.at(-1)!) },
  ];
}
