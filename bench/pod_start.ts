import { DockerRuntime } from "../agent/docker_runtime.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { PODS } from "../api/types/resources.ts";
import { PAUSE_IMAGE } from "../images/recipes.ts";
import { type Cluster, startCluster } from "../tests/e2e/cluster.ts";
import { docker } from "../tests/e2e/pods.ts";
import { median, ms } from "./api.ts";
import type { Row } from "./run.ts";
import { type Stages, timeStages } from "./pod_start_stages.ts";

const PODS_ONE_BY_ONE = 25;
const PODS_AT_ONCE = 100;
const IMAGE = "busybox:1.35";

/**
 * One pod after another, its image on the node: from the create request to the Running phase in a watch; in turn
 * with as many plain `docker run`, so that both meet the same machine. Then many at once.
 */
export async function run(): Promise<Row[]> {
  await using cluster = await startCluster({});
  const pods: number[] = [];
  const plain: number[] = [];
  const stages: Stages[] = [];
  const runtime = new DockerRuntime({
    cluster: `${cluster.settings.clusterName}-stages`,
    sandboxImage: PAUSE_IMAGE,
  });
  for (let i = 0; i < PODS_ONE_BY_ONE; i += 1) {
    pods.push(await cluster.timePodStart(`start-${i}`));
    plain.push(await timeDockerRun());
    stages.push(await timeStages(runtime, i));
  }
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
    ...stageRows(stages),
    {
      what: `${PODS_AT_ONCE} pods at once, all Running`,
      figure: ms(await timeMany(cluster)),
      goal: "≤ 25 s",
    },
  ];
}

function stageRows(stages: readonly Stages[]): Row[] {
  const names = Object.keys(stages[0] ?? {}) as (keyof Stages)[];
  return names.map((name) => ({
    what: `engine alone: ${name}, p50`,
    figure: ms(median(stages.map((one) => one[name]))),
  }));
}

async function timeDockerRun(): Promise<number> {
  const from = performance.now();
  const id = await docker("run", "-d", "--network", "none", IMAGE, "sleep", "3600");
  const took = performance.now() - from;
  await docker("rm", "-f", id);
  return took;
}

/** From the first create to the last Running. */
async function timeMany({ kubectl }: Cluster): Promise<number> {
  const items = Array.from({ length: PODS_AT_ONCE }, (_, i): Pod => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `many-${i}`, labels: { app: "many" } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "main", image: IMAGE, command: ["sleep", "3600"] }],
    },
  }));
  const from = performance.now();
  await kubectl.apply({ apiVersion: "v1", kind: "List", items });
  const asked = ["wait", "pod", "-l", "app=many", "--for=jsonpath={.status.phase}=Running"];
  await kubectl.run(...asked, "--timeout=120s");
  const took = performance.now() - from;
  await kubectl.run("delete", PODS.resource, "-l", "app=many", "--wait");
  return took;
}
