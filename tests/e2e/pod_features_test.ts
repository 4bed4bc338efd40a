import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import { minorOf } from "../fixtures/kubectl_versions.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { eventually } from "./pods.ts";

/** The first kubectl that speaks WebSocket for exec without being asked to. */
const WEBSOCKET_MINOR = 30;
const IMAGE = "busybox:1.35";

Deno.test("pods get what their spec says, and kubectl reaches into them", async (t) => {
  await using cluster = await startCluster({});
  await cluster.kubectl.apply(CONFIGURATION);
  await cluster.kubectl.apply(SERVICE);
  await cluster.kubectl.apply(EVERYTHING);
  await phase(cluster, "everything", "Running");
  await t.step("environment, from every source", () => environment(cluster));
  await t.step(
    "volumes: files of config maps and secrets, shared and host folders",
    () => volumes(cluster),
  );
  await t.step("phases and exit codes follow the restart policy", () => phases(cluster));
  await t.step("a container that keeps crashing is held back", () => crashes(cluster));
  await t.step(
    "an image that is nowhere is reported, not retried in a hurry",
    () => missingImage(cluster),
  );
  await t.step("logs: -f, --tail, --since, --previous, -c", () => logs(cluster));
  await t.step("exec: output, input, exit code, terminal", () => exec(cluster));
  await t.step("a pod that ignores SIGTERM is gone after its grace period", () => grace(cluster));
});

const CONFIGURATION = {
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings" },
      data: { level: "info", "app.conf": "a=1\n" },
    },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "password" },
      stringData: { password: "hunter2" },
    },
  ],
};

const SERVICE = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "redis-master" },
  spec: { selector: { app: "redis" }, clusterIP: "", ports: [{ port: 6379 }] },
};

const EVERYTHING = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "everything", labels: { app: "everything" } },
  spec: {
    terminationGracePeriodSeconds: 1,
    volumes: [
      { name: "settings", configMap: { name: "settings" } },
      { name: "password", secret: { secretName: "password" } },
      { name: "shared", emptyDir: {} },
      { name: "host", hostPath: { path: "/etc" } },
    ],
    containers: [
      {
        name: "main",
        image: IMAGE,
        command: [
          "sh",
          "-c",
          "echo $(GREETING) from main; echo written > /shared/file; sleep 3600",
        ],
        env: [
          { name: "GREETING", value: "hello" },
          { name: "LEVEL", valueFrom: { configMapKeyRef: { name: "settings", key: "level" } } },
          { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "password", key: "password" } } },
          { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
        ],
        resources: { limits: { memory: "64Mi", cpu: "500m" } },
        volumeMounts: [
          { name: "settings", mountPath: "/settings" },
          { name: "password", mountPath: "/password" },
          { name: "shared", mountPath: "/shared" },
          { name: "host", mountPath: "/host-etc", readOnly: true },
        ],
      },
      {
        name: "side",
        image: IMAGE,
        command: ["sh", "-c", "echo hello from side; sleep 3600"],
        volumeMounts: [{ name: "shared", mountPath: "/shared" }],
      },
    ],
  },
};

async function phase({ kubectl }: Cluster, name: string, want: string): Promise<Pod> {
  await eventually(async () => {
    const pod = await kubectl.json<Pod>("get", "pod", name);
    return pod.status?.phase === want ? "" : `${name} is ${JSON.stringify(pod.status)}`;
  });
  return await kubectl.json<Pod>("get", "pod", name);
}

function inPod({ kubectl }: Cluster, container: string, script: string): Promise<string> {
  return kubectl.run("exec", "everything", "-c", container, "--", "sh", "-c", script);
}

async function environment(cluster: Cluster): Promise<void> {
  const pod = await cluster.kubectl.json<Pod>("get", "pod", "everything");
  const text = await inPod(cluster, "main", "env");
  const env = new Map(
    text.trim().split("\n").map((line): [string, string] => {
      const [name = "", ...value] = line.split("=");
      return [name, value.join("=")];
    }),
  );
  assert.equal(env.get("GREETING"), "hello");
  assert.equal(env.get("LEVEL"), "info");
  assert.equal(env.get("PASSWORD"), "hunter2");
  assert.equal(env.get("POD_NAME"), "everything");
  assert.equal(env.get("POD_IP"), pod.status?.podIP);
  assert.equal(env.get("HOSTNAME"), "everything");
  assert.equal(env.get("REDIS_MASTER_SERVICE_PORT"), "6379");
  assert.match(env.get("REDIS_MASTER_PORT_6379_TCP") ?? "", /^tcp:\/\/10\..*:6379$/);
  assert.ok(env.has("KUBERNETES_SERVICE_HOST"));
}

async function volumes(cluster: Cluster): Promise<void> {
  assert.equal(await inPod(cluster, "main", "cat /settings/app.conf"), "a=1\n");
  assert.equal(await inPod(cluster, "main", "cat /password/password"), "hunter2");
  assert.equal(await inPod(cluster, "side", "cat /shared/file"), "written\n");
  assert.match(await inPod(cluster, "main", "cat /host-etc/hostname"), /\S/);
  const { code } = await cluster.kubectl.try(["exec", "everything", "--", "touch", "/host-etc/x"]);
  assert.notEqual(code, 0);
}

function once(name: string, restartPolicy: string, script: string) {
  const containers = [{ name: "main", image: IMAGE, command: ["sh", "-c", script] }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { restartPolicy, containers } };
}

async function phases(cluster: Cluster): Promise<void> {
  await cluster.kubectl.apply(once("good", "Never", "exit 0"));
  await cluster.kubectl.apply(once("bad", "Never", "exit 7"));
  await cluster.kubectl.apply(once("done", "OnFailure", "exit 0"));
  await phase(cluster, "good", "Succeeded");
  await phase(cluster, "done", "Succeeded");
  const bad = await phase(cluster, "bad", "Failed");
  assert.equal(bad.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 7);
  assert.match(await cluster.kubectl.run("get", "pod", "good"), /0\/1 +Completed/);
  assert.match(await cluster.kubectl.run("get", "pod", "bad"), /0\/1 +Error/);
}

async function crashes(cluster: Cluster): Promise<void> {
  await cluster.kubectl.apply(once("crash", "Always", "echo crashed; exit 1"));
  await eventually(async () => {
    const text = await cluster.kubectl.run("get", "pod", "crash");
    return /CrashLoopBackOff/.test(text) ? "" : text;
  });
  const log = await cluster.kubectl.run("logs", "crash", "--previous");
  assert.equal(log, "crashed\n");
}

async function missingImage(cluster: Cluster): Promise<void> {
  const pod = once("nowhere", "Always", "true");
  pod.spec.containers[0]!.image = "localhost:1/no/such:image";
  await cluster.kubectl.apply(pod);
  await eventually(async () => {
    const text = await cluster.kubectl.run("get", "pod", "nowhere");
    return /ErrImagePull|ImagePullBackOff/.test(text) ? "" : text;
  });
  await cluster.kubectl.run("delete", "pod", "nowhere", "--now");
}

async function logs(cluster: Cluster): Promise<void> {
  const { kubectl } = cluster;
  assert.equal(await kubectl.run("logs", "everything", "-c", "main"), "hello from main\n");
  assert.equal(await kubectl.run("logs", "everything", "-c", "side"), "hello from side\n");
  assert.equal(
    await kubectl.run("logs", "everything", "-c", "side", "--since=1h"),
    "hello from side\n",
  );
  await kubectl.apply(once("counter", "Never", "for i in 1 2 3 4 5; do echo line $i; done"));
  await phase(cluster, "counter", "Succeeded");
  assert.equal(await kubectl.run("logs", "counter", "--tail=2"), "line 4\nline 5\n");
  await kubectl.apply(once("talker", "Never", "for i in 1 2 3; do echo $i; sleep 0.3; done"));
  await eventually(async () => {
    const { code, stderr } = await kubectl.try(["logs", "talker"]);
    return code === 0 ? "" : stderr;
  });
  assert.equal(await kubectl.run("logs", "-f", "talker"), "1\n2\n3\n");
}

async function exec(cluster: Cluster): Promise<void> {
  const { kubectl } = cluster;
  const minor = await minorOf();
  assert.ok(minor >= WEBSOCKET_MINOR, `kubectl 1.${minor} execs over SPDY only: install 1.30`);
  const target = ["exec", "everything", "-c", "main"];
  assert.equal(await kubectl.run(...target, "--", "echo", "hi"), "hi\n");
  const piped = await kubectl.try([...target, "-i", "--", "cat"], "through stdin\n");
  assert.deepEqual([piped.code, piped.stdout], [0, "through stdin\n"]);
  const failed = await kubectl.try([...target, "--", "sh", "-c", "echo oops >&2; exit 3"]);
  assert.equal(failed.code, 3);
  assert.match(failed.stderr, /^oops\n/);
  const missing = await kubectl.try([...target, "--", "no-such-program"]);
  assert.notEqual(missing.code, 0);
  const line = `script -qec "kubectl ${target.join(" ")} -it -- sh -c 'tty; stty size'" /dev/null`;
  const terminal = await kubectl.shell(line);
  assert.match(terminal.stdout, /\/dev\/pts\/\d+/);
}

async function grace(cluster: Cluster): Promise<void> {
  const stubborn = once("stubborn", "Always", "trap '' TERM; while true; do sleep 1; done");
  const spec = { ...stubborn.spec, terminationGracePeriodSeconds: 2 };
  await cluster.kubectl.apply({ ...stubborn, spec });
  await phase(cluster, "stubborn", "Running");
  await cluster.kubectl.run("delete", "pod", "stubborn", "--timeout=30s");
  const { code } = await cluster.kubectl.try(["get", "pod", "stubborn"]);
  assert.equal(code, 1);
}
