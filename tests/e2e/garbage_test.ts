import assert from "node:assert/strict";
import { statfs } from "node:fs/promises";
import type { Node, Pod } from "../../api/types/core_v1.ts";
import { ensureChild, stopChild } from "../../cmd/children.ts";
import type { NodeFlagValues } from "../../cmd/node_flags.ts";
import { ownEngine } from "../fixtures/own_engine.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { docker, eventually } from "./pods.ts";

const DISK_BYTES = 500 << 20;
/** More than is freed at once below, so that one of them is enough. */
const IMAGE_MIB = 40;
const COMPLETED = ["done-0", "done-1", "done-2"];

Deno.test("a node clears its engine of what nobody needs", async (t) => {
  await using engine = await ownEngine({ isLive: false, diskBytes: DISK_BYTES });
  await using cluster = await startCluster({ dockerHost: engine.host });
  const world: World = { cluster, engine: engine.host, folder: engine.dataFolder };
  await t.step("images that no template names go, and no others", () => unnamed(world));
  await t.step("down to the low mark, the least recently used first", () => oldest(world));
  await t.step("dead containers, to as many as the node may keep", () => dead(world));
});

interface World {
  readonly cluster: Cluster;
  /** As DOCKER_HOST says it. */
  readonly engine: string;
  readonly folder: string;
}

async function unnamed(world: World): Promise<void> {
  const { cluster: { kubectl } } = world;
  for (const name of ["unused", "named", "cron", "runs"]) await makeImage(world, name, 1);
  await kubectl.run("create", "deployment", "none", "--image=named:1", "--replicas=0");
  await kubectl.run("create", "cronjob", "cron", "--image=cron:1", "--schedule=0 0 1 1 *");
  await kubectl.apply(pod("runs", "runs:1", "sleep 3600"));
  await phaseIs(world, "runs", "Running");
  const { images } = JSON.parse(await kubectl.run("get", "--raw", "/wherry/images"));
  for (const name of ["named:1", "cron:1", "runs:1"]) assert.ok(images.includes(name), name);
  const flags = { "image-gc-high-threshold": "1", "image-gc-low-threshold": "0" };
  await restartAgent(world, { ...flags, "minimum-image-ttl-duration": "0s" });
  await eventually(async () => await has(world, "unused:1") ? "unused:1 is still there" : "");
  await nodeShows(world, (names) => !names.includes("unused:1") && names.includes("cron:1"));
  for (const name of ["named:1", "cron:1", "runs:1"]) assert.ok(await has(world, name), name);
}

async function oldest(world: World): Promise<void> {
  const { cluster: { kubectl } } = world;
  for (const name of ["old", "recent"]) await makeImage(world, name, IMAGE_MIB);
  await kubectl.apply(pod("recent", "recent:1", "sleep 3600"));
  await phaseIs(world, "recent", "Running");
  await restartAgent(world, {});
  await nodeShows(world, (names) => names.includes("recent:1") && names.includes("old:1"));
  await kubectl.run("delete", "pod", "recent", "--now");
  const high = Math.floor(await usedPercent(world));
  await restartAgent(world, {
    "image-gc-high-threshold": `${high}`,
    "image-gc-low-threshold": `${high - 3}`,
    "minimum-image-ttl-duration": "0s",
  });
  await eventually(async () => await has(world, "old:1") ? "old:1 is still there" : "");
  await nodeShows(world, (names) => !names.includes("old:1"));
  assert.ok(await has(world, "recent:1"), "what was used later stays");
}

async function dead(world: World): Promise<void> {
  const { cluster: { kubectl, settings } } = world;
  const items = COMPLETED.map((name) => pod(name, "busybox:1.35", "exit 0"));
  await kubectl.apply({ apiVersion: "v1", kind: "List", items });
  for (const name of COMPLETED) await phaseIs(world, name, "Succeeded");
  const left = async () => {
    const ofCluster = `label=dev.wherry.cluster=${settings.clusterName}`;
    const of = ["--filter", ofCluster, "--filter", "status=exited"];
    return (await docker("-H", world.engine, "ps", "-aq", ...of)).split("\n");
  };
  assert.equal((await left()).length, COMPLETED.length);
  await restartAgent(world, {
    "minimum-container-ttl-duration": "0s",
    "maximum-dead-containers": "1",
  });
  await eventually(async () => (await left()).length === 1 ? "" : `${await left()} are left`);
  for (const name of COMPLETED) await phaseIs(world, name, "Succeeded");
}

/** Of busybox and a file of its own. */
async function makeImage({ engine }: World, name: string, mebibytes: number): Promise<void> {
  const file = await Deno.makeTempFile();
  const source = new Deno.Command("dd", {
    args: ["if=/dev/urandom", `of=${file}`, "bs=1M", `count=${mebibytes}`],
    stderr: "null",
  });
  await source.output();
  await docker("-H", engine, "create", "--name", name, "busybox:1.35", "true");
  await docker("-H", engine, "cp", file, `${name}:/filler`);
  await docker("-H", engine, "commit", name, `${name}:1`);
  await docker("-H", engine, "rm", name);
  await Deno.remove(file);
}

async function has({ engine }: World, image: string): Promise<boolean> {
  return await docker("-H", engine, "images", "-q", image) !== "";
}

async function usedPercent({ folder }: World): Promise<number> {
  const { blocks, bavail } = await statfs(folder);
  return 100 * (blocks - bavail) / blocks;
}

async function restartAgent(
  { cluster: { settings } }: World,
  node: Partial<NodeFlagValues>,
): Promise<void> {
  await stopChild("agent", settings);
  (await ensureChild("agent", { ...settings, node })).release();
}

async function nodeShows(
  { cluster: { kubectl } }: World,
  isRight: (names: readonly string[]) => boolean,
): Promise<void> {
  await eventually(async () => {
    const { status } = await kubectl.json<Node>("get", "node", "e2e-node");
    const names = (status?.images ?? []).flatMap(({ names }) => names ?? []);
    return isRight(names) ? "" : `the node shows ${names}`;
  });
}

async function phaseIs({ cluster }: World, name: string, phase: string): Promise<void> {
  await eventually(async () => {
    const { status } = await cluster.kubectl.json<Pod>("get", "pod", name);
    return status?.phase === phase ? "" : `${name} is ${JSON.stringify(status)}`;
  });
}

function pod(name: string, image: string, script: string) {
  const container = { name: "main", image, command: ["sh", "-c", script] };
  const spec = { restartPolicy: "Never", terminationGracePeriodSeconds: 0 };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { ...spec, containers: [container] },
  };
}
