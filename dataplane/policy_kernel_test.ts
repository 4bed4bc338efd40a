import assert from "node:assert/strict";
import type { Namespace, Pod } from "../api/types/core_v1.ts";
import type { NetworkPolicy } from "../api/types/networking_v1.ts";
import { removeEbpf } from "./ebpf_backend.ts";
import { ECHO_PORT } from "./echo_pod_contract.ts";
import { PodPath } from "./pod_path.ts";
import { removePolicies } from "./policy_enforcer.ts";
import { policyMetrics } from "./policy_metrics.ts";
import { planPolicies } from "./policy_plan.ts";
import { PolicyTable } from "./policy_table.ts";
import {
  commands,
  type EchoPod,
  leftovers,
  missingPieces,
  PodWorld,
} from "./pod_world_contract.ts";

type Spec = NetworkPolicy["spec"];

const missing = await missingPieces();
if (missing.length > 0) {
  console.log(`network policies: the kernel is not asked, this host lacks ${missing.join(", ")}`);
}

/** Long enough for an answer on a busy machine. */
const ANSWER_MS = 1_500;
const WEB = { matchLabels: { app: "pod-0" } };
const CLIENT = { matchLabels: { app: "pod-1" } };
const FROM_CLIENT = { from: [{ podSelector: CLIENT }] };
const ALL = ["1→0 tcp", "1→0 udp", "2→0 tcp", "0→1 tcp", "node→0 tcp"];
/** Connections of pods by their numbers that pass, of those in `ALL`. */
const CASES: readonly { name: string; specs: Spec[]; want: string[] }[] = [
  { name: "no policy", specs: [], want: ALL },
  { name: "nothing in", specs: [{ podSelector: WEB }], want: ["0→1 tcp", "node→0 tcp"] },
  {
    name: "one client",
    specs: [{ podSelector: WEB, ingress: [FROM_CLIENT] }],
    want: ["1→0 tcp", "1→0 udp", "0→1 tcp", "node→0 tcp"],
  },
  {
    name: "one port of one client, by number",
    specs: [{ podSelector: WEB, ingress: [{ ...FROM_CLIENT, ports: [{ port: ECHO_PORT }] }] }],
    want: ["1→0 tcp", "0→1 tcp", "node→0 tcp"],
  },
  {
    name: "by name",
    specs: [{ podSelector: WEB, ingress: [{ ports: [{ port: "echo" }] }] }],
    want: ["1→0 tcp", "2→0 tcp", "0→1 tcp", "node→0 tcp"],
  },
  {
    name: "by range",
    specs: [{
      podSelector: WEB,
      ingress: [{ ports: [{ protocol: "UDP", port: ECHO_PORT - 1, endPort: ECHO_PORT + 1 }] }],
    }],
    want: ["1→0 udp", "0→1 tcp", "node→0 tcp"],
  },
  {
    name: "all addresses",
    specs: [{ podSelector: WEB, ingress: [{ from: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }] }],
    want: ALL,
  },
  {
    name: "two policies add up",
    specs: [{ podSelector: WEB }, { podSelector: {}, ingress: [{ ports: [{ protocol: "UDP" }] }] }],
    want: ["1→0 udp", "node→0 tcp"],
  },
  {
    name: "nothing out, but answers",
    specs: [{ podSelector: WEB, policyTypes: ["Egress"] }],
    want: ["1→0 tcp", "1→0 udp", "2→0 tcp", "node→0 tcp"],
  },
  {
    name: "out to all but pods, and in where that is restricted too",
    specs: [{
      podSelector: {},
      policyTypes: ["Egress", "Ingress"],
      ingress: [{}],
      egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.198.0.0/16"] } }] }],
    }],
    want: ["node→0 tcp"],
  },
  {
    name: "out to some, in from some",
    specs: [
      { podSelector: CLIENT, policyTypes: ["Egress"], egress: [{ to: [{ podSelector: WEB }] }] },
      { podSelector: WEB, ingress: [FROM_CLIENT] },
    ],
    want: ["1→0 tcp", "1→0 udp", "0→1 tcp", "node→0 tcp"],
  },
];

for (const way of ["through the host", "by the short path"] as const) {
  Deno.test({
    name: `network policies, ${way}: the kernel lets pass what they let pass, and nothing more`,
    ignore: missing.length > 0,
    fn: (t) => testPolicies(t, way === "by the short path"),
  });
}

async function testPolicies(t: Deno.TestContext, isShort: boolean): Promise<void> {
  const world = await PodWorld.create(
    isShort ? "test-short-policies" : "test-policies",
    isShort ? 8 : 7,
  );
  const table = new PolicyTable(world.names.policyTable);
  const path = isShort ? await PodPath.open(world.names) : undefined;
  try {
    if (path !== undefined) await world.network.usePath(path);
    await world.addPods(3);
    const node = await world.addHost();
    for (const { name, specs, want } of CASES) {
      await t.step(name, async () => {
        const rules = planPolicies(worldOf(world.pods, specs));
        await commands.run("nft", ["-f", "-"], table.plan(rules));
        path?.guard(new Set(rules.pods.map(({ ip }) => ip)));
        const passed = await Promise.all(ALL.map(async (each) => {
          const [, from = "", to = "", protocol = ""] = /(\w+)→(\d) (\w+)/.exec(each) ?? [];
          const asker = from === "node" ? node : world.pods[Number(from)]?.echo;
          const host = world.pods[Number(to)]?.ip ?? "";
          const target = { host, port: ECHO_PORT, waitMs: ANSWER_MS };
          const asked = asker?.ask({ ...target, protocol: protocol === "udp" ? "udp" : "tcp" });
          return await asked?.then(() => [each], () => []) ?? [];
        }));
        assert.deepEqual(passed.flat(), want);
        const counters = ["-j", "list", "counters", "table", "ip", world.names.policyTable];
        const text = policyMetrics(await commands.run("nft", counters), rules.pods);
        if (want.length < ALL.length) assert.match(text, / [1-9]\d*$/m);
      });
    }
  } finally {
    await removePolicies(world.names, commands);
    await world.remove();
    path?.close();
    await removeEbpf(world.names);
  }
  assert.deepEqual(await leftovers(world.names), []);
}

function worldOf(echoes: readonly EchoPod[], specs: readonly Spec[]) {
  const pods = echoes.map(({ uid, ip }): Pod => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: uid, namespace: "default", uid, labels: { app: uid } },
    spec: {
      nodeName: "here",
      containers: [{
        name: "echo",
        image: "img",
        ports: [{ name: "echo", containerPort: ECHO_PORT, protocol: "TCP" }],
      }],
    },
    status: { phase: "Running", podIP: ip },
  }));
  const policies = specs.map((spec, i): NetworkPolicy => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: `policy-${i}`, namespace: "default" },
    spec,
  }));
  const namespaces: Namespace[] = [];
  return { policies, pods, namespaces, nodeName: "here", wired: new Map<string, string>() };
}
