import { DockerRuntime } from "../agent/docker_runtime.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { PODS } from "../api/types/resources.ts";
import { PAUSE_IMAGE } from "../images/recipes.ts";
import { type Cluster, startCluster } from "../tests/e2e/cluster.ts";
import { docker, eventually } from "../tests/e2e/pods.ts";
import { median, ms } from "./api.ts";
import { type Stages, timeStages } from "./pod_start_stages.ts";
import { type Moment, type Timeline, timePods } from "./pod_timeline.ts";
import type { Row } from "./run.ts";

/** As by default on two cores. */
const POOL = 2;
const PODS_ONE_BY_ONE = 10;
const PODS_AT_ONCE = 100;
const IMAGE = "busybox:1.35";

/**
 * One pod after another, its image on the node: from the create request to the Running phase in a watch; in turn
 * with as many plain `docker run`, so that both meet the same machine. Then many at once.
 */
export async function run(): Promise<Row[]> {
  await using cluster = await startCluster({ sandboxPool: POOL });
  await using without = await startCluster({ sandboxPool: 0 });
  const pods: Timeline[] = [];
  const podsWithout: Timeline[] = [];
  const plain: number[] = [];
  const stages: Stages[] = [];
  const runtime = new DockerRuntime({
    cluster: `${cluster.settings.clusterName}-stages`,
    sandboxImage: PAUSE_IMAGE,
  });
  for (let i = 0; i < PODS_ONE_BY_ONE; i += 1) {
    await poolIsFull(cluster);
    pods.push(...await timeAndDelete(cluster, [podNamed(`start-${i}`)]));
    podsWithout.push(...await timeAndDelete(without, [podNamed(`start-${i}`)]));
    plain.push(await timeDockerRun());
    stages.push(await timeStages(runtime, i));
  }
  const many = Array.from({ length: PODS_AT_ONCE }, (_, i) => podNamed(`many-${i}`));
  return [
    ...startRows("", pods.map((one) => one.Running), plain),
    ...startRows(", no sandbox made ahead", podsWithout.map((one) => one.Running), plain),
    { what: "docker run -d, p50", figure: ms(median(plain)) },
    ...timelineRows("one pod", pods),
    ...timelineRows("one pod, no sandbox made ahead", podsWithout),
    ...stageRows(stages),
    ...manyRows("", await timeAndDelete(cluster, many)),
    ...manyRows(", no sandbox made ahead", await timeAndDelete(without, many)),
  ];
}

function startRows(how: string, pods: readonly number[], plain: readonly number[]): Row[] {
  const ratio = median(pods) / median(plain);
  return [
    { what: `create → Running, p50${how}`, figure: ms(median(pods)), goal: "≤ 400 ms" },
    {
      what: `create → Running, slowest of ${pods.length}${how}`,
      figure: ms(Math.max(...pods)),
      goal: "≤ 1 s",
    },
    { what: `ratio to docker run${how}`, figure: ratio.toFixed(2), goal: "≤ 1.5" },
  ];
}

function timelineRows(whose: string, pods: readonly Timeline[]): Row[] {
  const moments = Object.keys(pods[0] ?? {}) as Moment[];
  return moments.map((moment) => ({
    what: `${whose}: ${moment}, p50 since it was asked for`,
    figure: ms(median(pods.map((one) => one[moment]))),
  }));
}

function stageRows(stages: readonly Stages[]): Row[] {
  const names = Object.keys(stages[0] ?? {}) as (keyof Stages)[];
  return names.map((name) => ({
    what: `engine alone: ${name}, p50`,
    figure: ms(median(stages.map((one) => one[name]))),
  }));
}

function manyRows(how: string, pods: readonly Timeline[]): Row[] {
  return [
    {
      what: `${pods.length} pods at once, all Running${how}`,
      figure: ms(Math.max(...pods.map((one) => one.Running))),
      goal: "≤ 25 s",
    },
    ...timelineRows(`one of these${how}`, pods),
  ];
}

async function timeDockerRun(): Promise<number> {
  const from = performance.now();
  const id = await docker("run", "-d", "--network", "none", IMAGE, "sleep", "3600");
  const took = performance.now() - from;
  await docker("rm", "-f", id);
  return took;
}

async function timeAndDelete(
  { api, settings }: Cluster,
  pods: readonly Pod[],
): Promise<Timeline[]> {
  const timelines = await timePods(api, settings.clusterName, pods);
  await api.deleteCollection(PODS, { namespace: "default", gracePeriodSeconds: 0 });
  // the API forgets them at once: what the node has left to do would slow down what is measured next
  await eventually(async () => (await containersOf(settings.clusterName)).filter(isOfPod).join());
  return timelines;
}

/** A pod that comes alone finds what was made ahead. */
async function poolIsFull({ settings }: Cluster): Promise<void> {
  await eventually(async () => {
    const idle = (await containersOf(settings.clusterName)).filter((name) => !isOfPod(name));
    return idle.length === POOL ? "" : `${idle.length} sandboxes are idle`;
  });
}

const isOfPod = (name: string) => !name.startsWith("k8s_idle-");

async function containersOf(clusterName: string): Promise<string[]> {
  const label = `label=dev.wherry.cluster=${clusterName}`;
  const names = await docker("ps", "--all", "--filter", label, "--format", "{{.Names}}");
  return names.split("\n").filter((name) => name !== "");
}

function podNamed(name: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "main", image: IMAGE, command: ["sleep", "3600"] }],
    },
  };
}
