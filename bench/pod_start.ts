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

const PODS_ONE_BY_ONE = 25;
const PODS_AT_ONCE = 100;
const IMAGE = "busybox:1.35";

/**
 * One pod after another, its image on the node: from the create request to the Running phase in a watch; in turn
 * with as many plain `docker run`, so that both meet the same machine. Then many at once.
 */
export async function run(): Promise<Row[]> {
  await using cluster = await startCluster({});
  const pods: Timeline[] = [];
  const plain: number[] = [];
  const stages: Stages[] = [];
  const runtime = new DockerRuntime({
    cluster: `${cluster.settings.clusterName}-stages`,
    sandboxImage: PAUSE_IMAGE,
  });
  for (let i = 0; i < PODS_ONE_BY_ONE; i += 1) {
    pods.push(...await timeAndDelete(cluster, [podNamed(`start-${i}`)]));
    plain.push(await timeDockerRun());
    stages.push(await timeStages(runtime, i));
  }
  const many = Array.from({ length: PODS_AT_ONCE }, (_, i) => podNamed(`many-${i}`));
  return [
    ...startRows(pods.map((one) => one.Running), plain),
    ...timelineRows("one pod", pods),
    ...stageRows(stages),
    ...manyRows(await timeAndDelete(cluster, many)),
  ];
}

function startRows(pods: readonly number[], plain: readonly number[]): Row[] {
  const ratio = median(pods) / median(plain);
  return [
    { what: "create → Running, p50", figure: ms(median(pods)), goal: "≤ 400 ms" },
    {
      what: `create → Running, slowest of ${pods.length}`,
      figure: ms(Math.max(...pods)),
      goal: "≤ 1 s",
    },
    { what: "docker run -d, p50", figure: ms(median(plain)) },
    { what: "ratio of both", figure: ratio.toFixed(2), goal: "≤ 1.5" },
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

function manyRows(pods: readonly Timeline[]): Row[] {
  return [
    {
      what: `${pods.length} pods at once, all Running`,
      figure: ms(Math.max(...pods.map((one) => one.Running))),
      goal: "≤ 25 s",
    },
    ...timelineRows("one of these", pods),
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
  const label = `label=dev.wherry.cluster=${settings.clusterName}`;
  await eventually(async () => await docker("ps", "--all", "--quiet", "--filter", label));
  return timelines;
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
