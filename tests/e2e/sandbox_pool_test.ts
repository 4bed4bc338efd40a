import assert from "node:assert/strict";
import type { Pod, PodSpec } from "../../api/types/core_v1.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { idleIds, untilIdle } from "./idle_sandboxes.ts";
import { docker, eventually } from "./pods.ts";

const POOL = 2;
const IMAGE = "busybox:1.35";
/** A first word that is a program of its own: nothing has run before it. */
const SAY = "echo $(hostname) $(cat /etc/hostname) $HOSTNAME";

type Spec = Partial<PodSpec> & Required<Pick<PodSpec, "containers">>;

interface NameCase {
  readonly name: string;
  readonly spec: Spec;
  /** By container, what it prints. */
  readonly want: Readonly<Record<string, string>>;
}

const NAMES: readonly NameCase[] = [
  { name: "first-word", spec: containers(["main", "hostname"]), want: { main: "first-word" } },
  {
    name: "all-names",
    spec: containers(["main", "sh", "-c", SAY]),
    want: { main: "all-names all-names all-names" },
  },
  {
    name: "web-0",
    spec: {
      hostname: "web-0",
      subdomain: "web",
      ...containers(["main", "sh", "-c", "hostname; cat /etc/hosts | tail -n 1 | cut -f 2"]),
    },
    want: { main: "web-0\nweb-0.web.default.svc.cluster.local" },
  },
  {
    name: "full",
    spec: {
      subdomain: "web",
      setHostnameAsFQDN: true,
      ...containers(["main", "sh", "-c", "hostname; cat /etc/hostname"]),
    },
    want: {
      main: "full.web.default.svc.cluster.local\nfull.web.default.svc.cluster.local",
    },
  },
  {
    name: "several",
    spec: {
      initContainers: containers(["before", "hostname"]).containers,
      ...containers(["main", "hostname"], ["beside", "hostname"]),
    },
    want: { before: "several", main: "several", beside: "several" },
  },
  {
    name: "other-user",
    spec: { securityContext: { runAsUser: 1000 }, ...containers(["main", "hostname"]) },
    want: { main: "other-user" },
  },
  {
    name: "own-name",
    spec: {
      containers: [{
        name: "main",
        image: IMAGE,
        command: ["sh", "-c", "echo $HOSTNAME"],
        env: [{ name: "HOSTNAME", value: "mine" }],
      }],
    },
    want: { main: "mine" },
  },
];

Deno.test("pods start in sandboxes that were made ahead", async (t) => {
  await using cluster = await startCluster({ sandboxPool: POOL });
  for (const one of NAMES) {
    await t.step(`${one.name} has its name from the first instruction`, () => named(cluster, one));
  }
  await t.step("exec and a debug container see the name", () => lookedInto(cluster));
  await t.step("a container that is restarted has the name again", () => restarted(cluster));
  await t.step("a pod with settings of its own takes none", () => ownSettings(cluster));
  await t.step("an idle one that dies is replaced", () => replaced(cluster));
  await t.step("what begins while no agent runs waits for its name", () => begunAlone(cluster));
  await t.step("a later agent takes them over", () => takenOver(cluster));
  await t.step("of size 0 none are left, and restarts are named still", () => sizeZero(cluster));
});

function containers(...all: [name: string, ...command: string[]][]): Spec {
  return {
    containers: all.map(([name, ...command]) => ({ name, image: IMAGE, command })),
  };
}

async function named(cluster: Cluster, { name, spec, want }: NameCase): Promise<void> {
  const { kubectl } = cluster;
  await untilIdle(cluster, POOL);
  const before = await idleIds(cluster);
  await kubectl.apply(podOf(name, { restartPolicy: "Never", ...spec }));
  await kubectl.run("wait", `pod/${name}`, "--for=jsonpath={.status.phase}=Succeeded");
  const printed: Record<string, string> = {};
  for (const container of Object.keys(want)) {
    printed[container] = (await kubectl.run("logs", name, "-c", container)).trim();
  }
  assert.deepEqual(printed, want);
  const after = await idleIds(cluster);
  assert.equal(before.filter((id) => !after.includes(id)).length, 1);
  await kubectl.run("delete", "pod", name, "--wait");
}

async function lookedInto(cluster: Cluster): Promise<void> {
  const { kubectl } = cluster;
  await ready(cluster, podOf("looked-at", containers(["main", "sleep", "3600"])));
  assert.equal((await kubectl.run("exec", "looked-at", "--", "hostname")).trim(), "looked-at");
  const debug = ["debug", "looked-at", `--image=${IMAGE}`, "--container=eye", "--target=main"];
  await kubectl.run(...debug, "--", "hostname");
  await eventually(async () => {
    const { code, stdout } = await kubectl.try(["logs", "looked-at", "-c", "eye"]);
    return code === 0 && stdout.trim() === "looked-at" ? "" : `it says ${stdout}`;
  });
}

async function restarted(cluster: Cluster): Promise<void> {
  const { kubectl } = cluster;
  await ready(cluster, podOf("again", containers(["main", "sh", "-c", "hostname; sleep 3600"])));
  await docker("kill", await containerOf("again"));
  await eventually(async () => {
    const { status } = await kubectl.json<Pod>("get", "pod", "again");
    const { stdout } = await kubectl.try(["logs", "again"]);
    const isAgain = status?.containerStatuses?.[0]?.restartCount === 1;
    return isAgain && stdout === "again\n" ? "" : `it says ${stdout}: ${JSON.stringify(status)}`;
  });
}

async function ownSettings(cluster: Cluster): Promise<void> {
  await untilIdle(cluster, POOL);
  const before = await idleIds(cluster);
  const spec = { shareProcessNamespace: true, ...containers(["main", "sleep", "3600"]) };
  await ready(cluster, podOf("shared", spec));
  const after = await idleIds(cluster);
  assert.deepEqual(after, before);
  assert.equal(await isClaimed(cluster, "shared"), false);
  const exec = ["exec", "shared", "--", "hostname"];
  assert.equal((await cluster.kubectl.run(...exec)).trim(), "shared");
}

async function replaced(cluster: Cluster): Promise<void> {
  const [first = ""] = await idleIds(cluster);
  await docker("kill", first);
  await eventually(async () => {
    const ids = await idleIds(cluster);
    return ids.length === POOL && !ids.includes(first) ? "" : `${ids}`;
  });
}

/** The engine starts a container by itself: nobody else names it. */
async function begunAlone(cluster: Cluster): Promise<void> {
  const command = ["sh", "-c", "hostname; sleep 3600"] as const;
  await ready(cluster, podOf("alone", containers(["main", ...command])));
  await cluster.kill("agent");
  const id = await containerOf("alone");
  await docker("restart", "--time", "0", id);
  const pid = await docker("inspect", "--format", "{{.State.Pid}}", id);
  await eventually(async () => {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    return stat.slice(stat.lastIndexOf(")") + 2)[0] === "T" ? "" : `it does not wait: ${stat}`;
  });
  await cluster.start("agent");
  await eventually(async () => {
    const lines = (await docker("logs", id)).split("\n");
    return lines.join() === "alone,alone" ? "" : `it has printed ${lines}`;
  });
}

async function takenOver(cluster: Cluster): Promise<void> {
  await untilIdle(cluster, POOL);
  const before = await idleIds(cluster);
  await cluster.kill("agent");
  await cluster.start("agent");
  await ready(cluster, podOf("later", containers(["main", "sleep", "3600"])));
  const claimed = await docker(
    "ps",
    "--no-trunc",
    "--format",
    "{{.ID}}",
    "--filter",
    "name=k8s_POD_later_",
  );
  assert.ok(before.includes(claimed), `${claimed} is none of ${before}`);
}

async function sizeZero(cluster: Cluster): Promise<void> {
  await cluster.kill("agent");
  const { settings } = cluster;
  Object.assign(settings, { node: { ...settings.node, "sandbox-pool": "0" } });
  await cluster.start("agent");
  await untilIdle(cluster, 0);
  const id = await containerOf("alone");
  await docker("kill", id);
  await eventually(async () => {
    const { code, stdout } = await cluster.kubectl.try(["logs", "alone"]);
    return code === 0 && stdout.trim() === "alone" ? "" : `it says ${stdout}`;
  });
  await ready(cluster, podOf("plain", containers(["main", "sleep", "3600"])));
  assert.equal(await isClaimed(cluster, "plain"), false);
}

async function ready({ kubectl }: Cluster, pod: Pod): Promise<void> {
  await kubectl.apply(pod);
  await kubectl.run("wait", `pod/${pod.metadata.name}`, "--for=condition=Ready", "--timeout=60s");
}

function podOf(name: string, spec: Spec): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: { terminationGracePeriodSeconds: 0, ...spec },
  };
}

async function containerOf(pod: string): Promise<string> {
  return await docker(
    "ps",
    "--no-trunc",
    "--format",
    "{{.ID}}",
    "--filter",
    `name=k8s_main_${pod}_`,
  );
}

/** Whether the pod's sandbox was made before it. */
async function isClaimed({ kubectl }: Cluster, pod: string): Promise<boolean> {
  const { metadata } = await kubectl.json<Pod>("get", "pod", pod);
  const filters = ["--filter", `name=k8s_POD_${pod}_default_${metadata.uid}`];
  const standIn = await docker(
    "ps",
    "--all",
    ...filters,
    "--format",
    `{{.Label "dev.wherry.stand-in"}}`,
  );
  return standIn !== "";
}
