import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import { asFlags } from "../../cmd/as_flags.ts";
import { ownProgram } from "../../cmd/own_program.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { untilIdle } from "./idle_sandboxes.ts";
import { containerIds, docker, eventually, isReady } from "./pods.ts";

/** Of a pod with two volumes in memory, one of a config map, one seen in part, and one container. */
const CREATION = [
  "before createSandbox 1",
  "after createSandbox 1",
  "after start 1",
  "before mount 1",
  "after mount 1",
  "before mount 2",
  "after mount 2",
  "before bindPart 1",
  "after bindPart 1",
  "after writeTogether 1",
  "after createContainer 1",
  "before attach 1",
  "after attach 1",
  "before start 2",
  "after start 2",
];
/** Of the same pod, where it takes a sandbox that was made ahead, and of the one that is made in its place. */
const CLAIM = [
  "after give 1",
  "after claim 1",
  "after attach 1",
  "before name 1",
  "after name 1",
  "before startIdle 1",
  "after startIdle 1",
];
const POOL = 2;
const DELETION = [
  "before stop 1",
  "after stop 1",
  "before detach 1",
  "after detach 1",
  "after remove 1",
  "after remove 2",
  "before removeTree 1",
  "before unmountBelow 1",
  "after unmountBelow 1",
  "after removeTree 1",
  "before delete 1",
  "after delete 1",
];

const ARMED = "/armed";
const CRASHING = new URL("../fixtures/crashing_agent.ts", import.meta.url).pathname;

Deno.test("an agent that is killed at any step leaves nothing behind", async (t) => {
  await using cluster = await startCluster({ sandboxPool: 0 });
  await cluster.kubectl.run("create", "configmap", "settings", "--from-literal=level=info");
  for (const [i, step] of CREATION.entries()) {
    await t.step(`creation, ${step}`, () => creation(cluster, `c${i}`, step));
  }
  for (const [i, step] of DELETION.entries()) {
    await t.step(`deletion, ${step}`, () => deletion(cluster, `d${i}`, step));
  }
});

Deno.test("an agent that is killed while a pod takes a sandbox leaves nothing behind", async (t) => {
  await using cluster = await startCluster({ sandboxPool: POOL });
  await cluster.kubectl.run("create", "configmap", "settings", "--from-literal=level=info");
  for (const [i, step] of CLAIM.entries()) {
    await t.step(step, async () => {
      await untilIdle(cluster, POOL);
      await creation(cluster, `p${i}`, step);
    });
  }
  await untilIdle(cluster, POOL);
});

async function creation(cluster: Cluster, name: string, step: string): Promise<void> {
  await crashAt(cluster, step, () => cluster.kubectl.apply(podNamed(name)));
  const pod = await readyPod(cluster, name);
  const exec = ["exec", name, "--", "sh", "-c", "cat /settings/level; hostname; cat /etc/hosts"];
  const want = new RegExp(`^info${name}\\n[^]*\\n${pod.status?.podIP}\\t${name}\\n$`);
  await eventually(async () => {
    const { stdout, stderr } = await cluster.kubectl.try(exec);
    return want.test(stdout) ? "" : `it says ${stdout}${stderr}`;
  });
  assert.equal(pod.status?.containerStatuses?.length, 1);
  await cluster.kubectl.run("delete", "pod", name, "--wait");
  await nothingIsLeft(cluster, pod);
}

async function deletion(cluster: Cluster, name: string, step: string): Promise<void> {
  await cluster.kubectl.apply(podNamed(name));
  const pod = await readyPod(cluster, name);
  const asked = ["delete", "pod", name, "--wait=false"];
  await crashAt(cluster, step, () => cluster.kubectl.run(...asked));
  await eventually(async () => {
    const { code } = await cluster.kubectl.try(["get", "pod", name]);
    return code === 0 ? `${name} is still there` : "";
  });
  await nothingIsLeft(cluster, pod);
}

/** Lets an agent that crashes there do the work, and one that does not go on with it. */
async function crashAt(
  cluster: Cluster,
  step: string,
  begin: () => Promise<unknown>,
): Promise<void> {
  try {
    await using crashing = await beginCrashing(cluster, step);
    await crashing.arm();
    await begin();
    await crashing.died();
  } finally {
    await cluster.start("agent");
  }
}

/** Puts an agent that will crash in the place of the cluster's own. */
async function beginCrashing(cluster: Cluster, step: string) {
  await cluster.kill("agent");
  const { dataDir } = cluster.settings;
  const armed = `${dataDir}${ARMED}`;
  const { program, args } = ownProgram([]);
  const run = args.slice(0, -1);
  const flags = asFlags(cluster.settings);
  const child = new Deno.Command(program, {
    args: [...run, CRASHING, step, armed, ...flags],
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    /** Once it knows its pods: what it does from now on counts. */
    async arm() {
      await agentAnswers(cluster, child.pid);
      await Deno.writeTextFile(armed, "");
    },
    async died() {
      const timeout = setTimeout(() => child.kill("SIGTERM"), 60_000);
      const { signal } = await child.status;
      clearTimeout(timeout);
      assert.equal(signal, "SIGKILL", `it never came to ${step}`);
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(armed).catch(() => {});
      try {
        child.kill("SIGKILL");
      } catch {
        // it has crashed, as it should
      }
      await child.status;
    },
  };
}

/** The new agent has renewed the lease, which the dead one can't have done after its death. */
async function agentAnswers({ kubectl }: Cluster, pid: number): Promise<void> {
  const began = Date.now();
  await eventually(async () => {
    const lease = ["get", "lease", "-n", "kube-node-lease", "e2e-node"];
    const path = "jsonpath={.spec.renewTime}";
    const renewed = Date.parse(await kubectl.run(...lease, "-o", path));
    return renewed > began ? "" : `the agent ${pid} has not renewed its lease`;
  });
}

async function readyPod({ kubectl }: Cluster, name: string): Promise<Pod> {
  await eventually(async () => {
    const pod = await kubectl.json<Pod>("get", "pod", name);
    return isReady(pod) ? "" : `${name} is ${JSON.stringify(pod.status)}`;
  });
  return await kubectl.json<Pod>("get", "pod", name);
}

/** Containers, mounts, wires, files and cgroups of the pod. */
async function nothingIsLeft({ settings }: Cluster, pod: Pod): Promise<void> {
  const { uid = "" } = pod.metadata;
  const ids = [...containerIds(pod).values()];
  await eventually(async () => {
    const found = {
      containers: await docker("ps", "-aq", "--filter", `name=${uid}`),
      mounts: linesWith(await Deno.readTextFile("/proc/self/mounts"), uid),
      wires: linesWith(await printed("ip", "link"), uid),
      files: await names(`${settings.dataDir}/pods`),
      cgroups: await printed("find", "/sys/fs/cgroup", ...withNames(ids), "-type", "d"),
    };
    const left = Object.entries(found).filter(([, text]) => text !== "");
    return left.map(([what, text]) => `${what} are left: ${text}`).join("; ");
  });
}

const linesWith = (text: string, what: string) =>
  text.split("\n").filter((line) => line.includes(what)).join("\n");

const withNames = (ids: readonly string[]) =>
  ids.flatMap((id, i) => [...i === 0 ? [] : ["-o"], "-name", `*${id}*`]);

async function names(folder: string): Promise<string> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.map(({ name }) => name).join(" ");
}

async function printed(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args }).output();
  return new TextDecoder().decode(stdout).trim();
}

function podNamed(name: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      volumes: [
        { name: "memory", emptyDir: { medium: "Memory" } },
        { name: "more-memory", emptyDir: { medium: "Memory" } },
        { name: "settings", configMap: { name: "settings" } },
      ],
      containers: [{
        name: "main",
        image: "busybox:1.35",
        command: ["sleep", "3600"],
        volumeMounts: [
          { name: "memory", mountPath: "/memory" },
          { name: "more-memory", mountPath: "/part", subPath: "part" },
          { name: "settings", mountPath: "/settings" },
        ],
      }],
    },
  };
}
