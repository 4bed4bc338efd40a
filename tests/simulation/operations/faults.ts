import { type Cable, CALM, type Weather } from "../link.ts";
import type { SimulatedCluster } from "../cluster.ts";
import type { SimulatedNode } from "../nodes.ts";
import type { Dice } from "../seeded.ts";
import type { Operation } from "./operation.ts";

/** A process that died is started again by whoever watches over it within this. */
const RESTART_MS_MAX = 6_000;

export const FAULT_OPERATIONS: readonly Operation[] = [
  { name: "weather", weight: 3, do: changeWeather },
  onNode("cut", 2, cutFor),
  onNode("slow", 1, slowDown),
  onNode("power off", 0.7, powerOff),
  onNode("crash the agent of", 2, crashAgent),
  onNode("kill a container on", 1, killContainer),
  onNode("restart the engine of", 1, restartEngine),
  { name: "crash the scheduler", weight: 1, do: (...on) => crash("scheduler", ...on) },
  { name: "crash the controllers", weight: 1, do: (...on) => crash("controllers", ...on) },
  { name: "cut off the scheduler", weight: 0.5, do: (...on) => cutOff("scheduler", ...on) },
  { name: "cut off the controllers", weight: 0.5, do: (...on) => cutOff("controllers", ...on) },
  { name: "crash the API server", weight: 1, do: crashServer },
  { name: "fill the store", weight: 0.5, do: fillStore },
];

/** All of it at once, at this strength. */
function stormy(strength: number): Weather {
  return {
    dropped: 0.05 * strength,
    lost: 0.05 * strength,
    delayed: 0.2 * strength,
    delayMsMax: 1_500,
    duplicated: 0.05 * strength,
    conflict: 0.05 * strength,
    expired: 0.2 * strength,
    broken: 0.02 * strength,
  };
}

function changeWeather(cluster: SimulatedCluster, dice: Dice): Promise<string> {
  const strength = dice.pick([0, 0.5, 1, 2])!;
  cluster.setWeather(stormy(strength));
  return Promise.resolve(`strength ${strength}`);
}

function onNode(
  name: string,
  weight: number,
  act: (node: SimulatedNode, cluster: SimulatedCluster, dice: Dice) => Promise<string | undefined>,
): Operation {
  return {
    name,
    weight,
    async do(cluster, dice) {
      const node = dice.pick(cluster.nodes)!;
      const how = await act(node, cluster, dice);
      return how === undefined ? undefined : `${node.name} ${how}`;
    },
  };
}

function cutFor(node: SimulatedNode, { clock }: SimulatedCluster, dice: Dice) {
  if (node.cable.isCut || !node.isUp) return Promise.resolve(undefined);
  const ms = dice.pick([2_000, 8_000, 20_000, 40_000])!;
  node.cut();
  clock.after(ms, () => node.heal());
  return Promise.resolve(`for ${ms / 1000} s`);
}

function slowDown({ cable }: SimulatedNode, _cluster: SimulatedCluster, dice: Dice) {
  const delayMsMax = dice.pick([0, 500, 5_000])!;
  cable.weather = { ...CALM, delayed: 0.8, delayMsMax };
  return Promise.resolve(`by up to ${delayMsMax} ms`);
}

async function powerOff(node: SimulatedNode, { clock }: SimulatedCluster, dice: Dice) {
  await node.powerOff();
  const ms = dice.pick([5_000, 30_000, 60_000])!;
  clock.after(ms, () => node.start());
  return `for ${ms / 1000} s`;
}

function crashAgent(node: SimulatedNode, { clock }: SimulatedCluster, dice: Dice) {
  if (!node.isUp) return Promise.resolve(undefined);
  node.crash();
  const ms = dice.between(0, RESTART_MS_MAX);
  clock.after(ms, () => node.start());
  return Promise.resolve(`for ${ms / 1000} s`);
}

function restartEngine(node: SimulatedNode, { clock }: SimulatedCluster, dice: Dice) {
  if (!node.hasEngine) return Promise.resolve(undefined);
  node.endEngine();
  const ms = dice.pick([300, 2_000, 20_000])!;
  clock.after(ms, () => node.startEngine());
  return Promise.resolve(`for ${ms / 1000} s`);
}

async function killContainer(node: SimulatedNode, _cluster: SimulatedCluster, dice: Dice) {
  const container = dice.pick(await node.running());
  if (container === undefined) return undefined;
  node.host.runtime.die(container.id, 1);
  return `: ${container.podName}`;
}

function crash(name: "scheduler" | "controllers", cluster: SimulatedCluster, dice: Dice) {
  const component = cluster[name];
  if (!component.isUp) return Promise.resolve(undefined);
  component.crash();
  const ms = dice.between(0, RESTART_MS_MAX);
  cluster.clock.after(ms, () => component.start());
  return Promise.resolve(`for ${ms / 1000} s`);
}

function cutOff(name: "scheduler" | "controllers", cluster: SimulatedCluster, dice: Dice) {
  const { cable }: { cable: Cable } = cluster[name];
  if (cable.isCut) return Promise.resolve(undefined);
  cable.cut();
  const ms = dice.between(1_000, 20_000);
  cluster.clock.after(ms, () => cable.heal());
  return Promise.resolve(`for ${ms / 1000} s`);
}

function crashServer({ server, clock }: SimulatedCluster, dice: Dice) {
  if (!server.isUp) return Promise.resolve(undefined);
  server.crash();
  const ms = dice.between(0, RESTART_MS_MAX);
  clock.after(ms, () => void server.start());
  return Promise.resolve(`for ${ms / 1000} s`);
}

function fillStore({ server, clock }: SimulatedCluster, dice: Dice) {
  if (server.isFull) return Promise.resolve(undefined);
  server.isFull = true;
  const ms = dice.between(500, 10_000);
  clock.after(ms, () => server.isFull = false);
  return Promise.resolve(`for ${ms / 1000} s`);
}
