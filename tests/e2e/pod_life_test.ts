import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { LIFE_CASES, type LifeCase, shell } from "./pod_life_cases.ts";
import { docker, eventually } from "./pods.ts";

/** Of a hook that its pod's grace period cuts short: far more than a busy machine needs for the rest. */
const HOOK_SECONDS = 600;
/** Of a grace period of 6 s: what a busy machine may make of it. */
const GONE_SECONDS_MAX = 60;

Deno.test("pods live as their spec says", async (t) => {
  await using cluster = await startCluster({});
  await cluster.kubectl.apply({
    apiVersion: "v1",
    kind: "List",
    items: LIFE_CASES.map(({ name, spec }) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec,
    })),
  });
  for (const one of LIFE_CASES) {
    await t.step(one.name, () => eventually(() => complaintOf(cluster, one)));
  }
  await t.step("events name hooks that failed", () => hookEvents(cluster));
  await t.step("a condition of others opens a readiness gate", () => opensGate(cluster));
  await t.step("preStop runs first, within the grace period", () => preStop(cluster));
  await t.step("kubectl debug looks into a running pod", () => debug(cluster));
  await t.step("kubectl debug looks into a copy of a pod", () => debugCopy(cluster));
  await t.step("kubectl debug looks at the node", () => debugNode(cluster));
  await t.step("a late command of a probe does not run on", () => lateExec(cluster));
});

async function complaintOf({ kubectl }: Cluster, { name, complaint }: LifeCase): Promise<string> {
  const [pod, line] = await Promise.all([
    kubectl.json<Pod>("get", "pod", name),
    kubectl.run("get", "pod", name, "--no-headers"),
  ]);
  const text = complaint(pod, line.trim().split(/\s+/)[2] ?? "");
  return text === "" ? "" : `${text}: ${JSON.stringify(pod.status)}`;
}

async function hookEvents({ kubectl }: Cluster): Promise<void> {
  await eventually(async () => {
    const events = await kubectl.run("get", "events", "-o", "jsonpath={.items[*].reason}");
    return events.includes("FailedPostStartHook") ? "" : `no event of the hook in ${events}`;
  });
}

async function opensGate({ kubectl }: Cluster): Promise<void> {
  const conditions = [{ type: "example.com/ready", status: "True" }];
  const patch = JSON.stringify({ status: { conditions } });
  await kubectl.run("patch", "pod", "gated", "--subresource=status", "-p", patch);
  await kubectl.run("wait", "pod", "gated", "--for=condition=Ready", "--timeout=20s");
}

async function preStop({ kubectl }: Cluster): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wherry-hooks-" });
  try {
    const main = shell(
      "main",
      "trap 'echo term >> /h/n; exit 0' TERM; while :; do sleep 0.1; done",
      {
        lifecycle: { preStop: { exec: { command: ["sh", "-c", "echo hook >> /h/n; sleep 1"] } } },
        volumeMounts: [{ name: "h", mountPath: "/h" }],
      },
    );
    const slow = shell("slow", "sleep 3600", {
      lifecycle: { preStop: { exec: { command: ["sleep", `${HOOK_SECONDS}`] } } },
    });
    const short = shell("short", "sleep 3600", {
      lifecycle: { preStop: { sleep: { seconds: 1 } } },
    });
    const pod = (name: string, container: typeof main) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 6,
        volumes: [{ name: "h", hostPath: { path: folder } }],
        containers: [container, short],
      },
    });
    await kubectl.apply({
      apiVersion: "v1",
      kind: "List",
      items: [pod("hooked", main), pod("hooked-long", slow)],
    });
    await kubectl.run("wait", "pod", "hooked", "hooked-long", "--for=condition=Ready");
    const began = Date.now();
    await kubectl.run("delete", "pod", "hooked-long", "hooked", "--wait");
    const took = (Date.now() - began) / 1000;
    assert.equal(await Deno.readTextFile(`${folder}/n`), "hook\nterm\n");
    assert.ok(took >= 5 && took < GONE_SECONDS_MAX, `the grace period of 6 s took ${took} s`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function debug({ kubectl }: Cluster): Promise<void> {
  const image = "--image=busybox:1.35";
  const command = ["--", "sh", "-c", "ps; echo looked"];
  const asked = ["debug", "tcp-probe", "-c", "look", image, "--target=main", "--attach=false"];
  await kubectl.run(...asked, ...command);
  await eventually(async () => {
    const { status } = await kubectl.json<Pod>("get", "pod", "tcp-probe");
    const [one] = status?.ephemeralContainerStatuses ?? [];
    return one?.state?.terminated?.exitCode === 0 ? "" : `it is ${JSON.stringify(one)}`;
  });
  const printed = await kubectl.run("logs", "tcp-probe", "-c", "look");
  assert.match(printed, /httpd -f -p 8080[^]*looked/);
  const talk = `echo hello | kubectl debug -i tcp-probe -c talk ${image} -- sh -c ` +
    `'read word; echo got $word'`;
  const { stdout, stderr } = await kubectl.shell(talk);
  assert.match(stdout, /got hello/, stderr);
}

/** The copy has the debugger beside its container, whose command was changed so that it stays up. */
async function debugCopy({ kubectl }: Cluster): Promise<void> {
  await kubectl.run(
    ...["debug", "exit-3", "--copy-to=exit-3-copy", "--container=main", "--share-processes"],
    ...["--attach=false", "--", "sh", "-c", "echo changed; sleep 3600"],
  );
  await kubectl.run("wait", "pod", "exit-3-copy", "--for=condition=Ready", "--timeout=60s");
  assert.equal(await kubectl.run("logs", "exit-3-copy"), "changed\n");
  const { spec } = await kubectl.json<Pod>("get", "pod", "exit-3-copy");
  assert.equal(spec.shareProcessNamespace, true);
  await kubectl.run("delete", "pod", "exit-3-copy", "--now");
}

/** Its pod has the node's network and processes, and its files at /host. */
async function debugNode({ kubectl, nodeAddress }: Cluster): Promise<void> {
  const script = "cat /host/etc/os-release; hostname; ip -o addr; ls /host/proc/1 | head -1";
  const image = "--image=busybox:1.35";
  const asked = ["debug", "node/e2e-node", image, "--attach=false", "--", "sh", "-c", script];
  const made = await kubectl.run(...asked);
  const [, name = ""] = /Creating debugging pod (\S+) with container/.exec(made) ?? [];
  await eventually(async () => {
    const { status } = await kubectl.json<Pod>("get", "pod", name);
    return status?.phase === "Succeeded" ? "" : `${name} is ${JSON.stringify(status)}`;
  });
  const printed = await kubectl.run("logs", name);
  assert.ok(printed.includes(await Deno.readTextFile("/etc/os-release")), printed);
  assert.ok(printed.includes(nodeAddress), printed);
  await kubectl.run("delete", "pod", name, "--now");
}

async function lateExec({ kubectl, settings }: Cluster): Promise<void> {
  const { metadata: { uid } } = await kubectl.json<Pod>("get", "pod", "exec-late");
  const label = `label=io.kubernetes.pod.uid=${uid}`;
  const ids = await docker("ps", "-q", "--filter", label, "--filter", "label=dev.wherry.hash");
  assert.ok(settings.clusterName.length > 0);
  await eventually(async () => {
    const top = await docker("top", ids.split("\n")[0] ?? "");
    const late = top.split("\n").filter((line) => line.includes("sleep 77")).length;
    return late <= 2 ? "" : `${late} commands of the probe run on`;
  });
}
