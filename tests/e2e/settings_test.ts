import assert from "node:assert/strict";
import type { Event, Pod } from "../../api/types/core_v1.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { hasAllCapabilities } from "../fixtures/host_capabilities.ts";
import { eventually } from "./pods.ts";
import { NO_MKDIR, NO_SANDBOX, podOf, REFUSALS, SETTINGS, TOLD } from "./settings_table.ts";

Deno.test("containers have the settings of their specs", async (t) => {
  await using cluster = await startCluster({});
  const { kubectl } = cluster;
  const profiles = `${cluster.settings.dataDir}/seccomp`;
  await Deno.mkdir(profiles, { recursive: true });
  await Deno.writeTextFile(`${profiles}/${NO_MKDIR.name}`, JSON.stringify(NO_MKDIR.profile));
  await kubectl.apply({ apiVersion: "v1", kind: "List", items: SURROUNDINGS });
  const refused = [...REFUSALS, ...NO_SANDBOX];
  await kubectl.apply({
    apiVersion: "v1",
    kind: "List",
    items: [
      ...SETTINGS.map((one) => podOf(one, { suite: "settings", script: one.script })),
      ...refused.map((one) => podOf(one, { suite: "refused", script: "true" })),
    ],
  });
  const codes = await exitCodes(cluster);
  const printed = await logsByPod(cluster);
  const isWhole = await hasAllCapabilities();
  for (const { name, prints, needsAllCapabilities = false } of SETTINGS) {
    const ignore = needsAllCapabilities && !isWhole;
    const fullName = ignore ? `${name} (skipped: this host lacks capabilities itself)` : name;
    const fn = () => {
      const text = printed.get(name) ?? "";
      if (typeof prints === "string") assert.equal(text, prints);
      else assert.match(text, prints);
      assert.equal(codes.get(name), 0);
    };
    await t.step({ name: fullName, ignore, fn });
  }
  for (const { name, reason, message } of REFUSALS) {
    await t.step(`refused: ${name}`, () => refusedFor(cluster, name, reason, message));
  }
  for (const { name, reason, message } of NO_SANDBOX) {
    await t.step(`no sandbox: ${name}`, () => told(cluster, name, reason, message));
  }
  for (const { pod, reason, message } of TOLD) {
    await t.step(`told: ${pod}`, () => told(cluster, pod, reason, message));
  }
});

const SURROUNDINGS = [
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings" },
    data: { level: "info", "1st": "x" },
  },
  {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "password" },
    stringData: { password: "hunter2" },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "front" },
    spec: { selector: { app: "none" }, ports: [{ port: 80 }] },
  },
  ...["plain:runc", "unknown:no-such-runtime"].map((one) => ({
    apiVersion: "node.k8s.io/v1",
    kind: "RuntimeClass",
    metadata: { name: one.split(":")[0] },
    handler: one.split(":")[1],
  })),
];

/** Of every pod of the first table, once all of them have ended. */
async function exitCodes({ kubectl }: Cluster): Promise<Map<string, number | undefined>> {
  let pods: Pod[] = [];
  await eventually(async () => {
    const { items } = await kubectl.json<{ items: Pod[] }>("get", "pods", "-l", "suite=settings");
    pods = items;
    const late = pods.filter(({ status }) =>
      !["Succeeded", "Failed"].includes(status?.phase ?? "")
    );
    const how = late.map(({ metadata, status }) => `${metadata.name} is ${JSON.stringify(status)}`);
    return how.join("\n");
  });
  return new Map(pods.map(({ metadata, status }) => [
    metadata.name,
    status?.containerStatuses?.[0]?.state?.terminated?.exitCode,
  ]));
}

/** One kubectl for all of them, which says whose each line is. */
async function logsByPod({ kubectl }: Cluster): Promise<Map<string, string>> {
  const wide = ["--prefix", "--tail=-1", "--max-log-requests=200"];
  const text = await kubectl.run("logs", "-l", "suite=settings", ...wide);
  const logs = new Map<string, string>();
  for (const line of text.split(/(?<=\n)/)) {
    const [, pod = "", rest = ""] = /^\[pod\/([^/]+)\/main\] ([^]*)$/.exec(line) ?? [];
    logs.set(pod, (logs.get(pod) ?? "") + rest);
  }
  return logs;
}

async function refusedFor({ kubectl }: Cluster, name: string, reason: string, message: RegExp) {
  await eventually(async () => {
    const { status = {} } = await kubectl.json<Pod>("get", "pod", name);
    const { waiting } = status.containerStatuses?.[0]?.state ?? {};
    const found = [status, waiting ?? {}].some((one) =>
      one.reason === reason && message.test(one.message ?? "")
    );
    return found ? "" : `${name} is ${JSON.stringify(status)}`;
  });
}

async function told({ kubectl }: Cluster, pod: string, reason: string, message: RegExp) {
  await eventually(async () => {
    const selector = `--field-selector=involvedObject.name=${pod}`;
    const { items } = await kubectl.json<{ items: Event[] }>("get", "events", selector);
    const isThere = items.some((one) => one.reason === reason && message.test(one.message ?? ""));
    return isThere
      ? ""
      : `${pod}: ${items.map((one) => `${one.reason} ${one.message}`).join("; ")}`;
  });
}
