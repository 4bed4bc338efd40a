/** What whoever keeps the cluster does. */
import { PODS } from "../../../api/types/resources.ts";
import type { SimulatedCluster } from "../cluster.ts";
import type { Dice } from "../seeded.ts";
import { change, told } from "./changes.ts";
import type { Operation } from "./operation.ts";

/** Of a core, for each pod: more than autoscalers want, less, and as much as they want. */
const LOADS_MILLI = [0, 10, 25, 60] as const;

export const ADMINISTRATION: readonly (readonly Operation[])[] = [
  [{ name: "drain", weight: 1.5, do: drain }],
  [{ name: "load", weight: 1.5, do: changeLoad }],
  [{
    name: "evict",
    weight: 2,
    do: (cluster, dice) =>
      change(
        cluster,
        dice,
        { resource: PODS, prefix: "" },
        (_cluster, { metadata }) => cluster.server.evict(metadata.namespace ?? "", metadata.name),
      ),
  }],
];

function changeLoad({ server }: SimulatedCluster, dice: Dice): Promise<string> {
  server.loadMilli = dice.pick(LOADS_MILLI)!;
  return Promise.resolve(`${server.loadMilli}m for each pod`);
}

/** The node takes no pods for a while, and those that it has are asked to go once. */
async function drain(cluster: SimulatedCluster, dice: Dice): Promise<string | undefined> {
  const { name } = dice.pick(cluster.nodes)!;
  const ms = dice.pick([5_000, 30_000])!;
  cluster.clock.after(ms, () => void told("", () => cluster.cordon(name, false)));
  return await told(`${name} for ${ms / 1000} s`, async () => {
    await cluster.cordon(name, true);
    const pods = cluster.sight.list(PODS).filter(({ spec }) => spec.nodeName === name);
    for (const { metadata } of pods) {
      await told("", () => cluster.server.evict(metadata.namespace ?? "", metadata.name));
    }
  });
}
