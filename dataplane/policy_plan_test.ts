import assert from "node:assert/strict";
import type { Namespace, Pod } from "../api/types/core_v1.ts";
import type { NetworkPolicy } from "../api/types/networking_v1.ts";
import { policyMetrics } from "./policy_metrics.ts";
import { planPolicies, type PolicyWorld } from "./policy_plan.ts";
import { PolicyTable } from "./policy_table.ts";

type Spec = NetworkPolicy["spec"];
type Match = ReturnType<typeof planPolicies>["chains"][number]["matches"][number];

const WEB = { matchLabels: { app: "web" } };
const CLIENT = { matchLabels: { app: "client" } };
const PROD = { matchLabels: { stage: "prod" } };

/** What may come to, or be sent by, the pod `web` at 10.1.0.1, with peers as the addresses in their set. */
const CASES: readonly { name: string; spec: Omit<Spec, "podSelector">; want: unknown[] }[] = [
  { name: "nothing", spec: { policyTypes: ["Ingress"] }, want: [] },
  { name: "everything", spec: { ingress: [{}] }, want: [{}] },
  {
    name: "pods of its namespace",
    spec: { ingress: [{ from: [{ podSelector: CLIENT }] }] },
    want: [{ peer: ["10.1.0.2", "10.1.1.2"] }],
  },
  {
    name: "all pods of other namespaces",
    spec: { ingress: [{ from: [{ namespaceSelector: PROD }] }] },
    want: [{ peer: ["10.1.1.3", "10.1.1.4"] }],
  },
  {
    name: "some pods of other namespaces",
    spec: { ingress: [{ from: [{ namespaceSelector: PROD, podSelector: CLIENT }] }] },
    want: [{ peer: ["10.1.1.3"] }],
  },
  {
    name: "all pods of all namespaces, none of which is the node",
    spec: { ingress: [{ from: [{ namespaceSelector: {} }] }] },
    want: [{ peer: ["10.1.0.1", "10.1.0.2", "10.1.1.2", "10.1.1.3", "10.1.1.4"] }],
  },
  {
    name: "addresses, less some",
    spec: { ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }] }] },
    want: [{ peer: "10.0.0.0/8 10.1.0.0/16" }],
  },
  {
    name: "addresses of IPv6, which no pod has",
    spec: { ingress: [{ from: [{ ipBlock: { cidr: "fd00::/8" } }] }] },
    want: [],
  },
  {
    name: "ports of two protocols, from either peer",
    spec: {
      ingress: [{
        from: [{ podSelector: CLIENT }, { namespaceSelector: PROD, podSelector: CLIENT }],
        ports: [{ port: 80 }, { protocol: "UDP", port: 53, endPort: 60 }],
      }],
    },
    want: [["10.1.0.2", "10.1.1.2"], ["10.1.1.3"]].flatMap((peer) => [
      { peer, port: "TCP 80-80" },
      { peer, port: "UDP 53-60" },
    ]),
  },
  {
    name: "a port by its name, as each pod has it",
    spec: { ingress: [{ ports: [{ port: "http" }] }] },
    want: [{ port: "TCP 10.1.0.1 . 8080,10.1.1.3 . 80" }],
  },
  {
    name: "a protocol with all its ports",
    spec: { ingress: [{ ports: [{ protocol: "SCTP" }] }] },
    want: [{ port: "SCTP" }],
  },
  {
    name: "what it may send",
    spec: {
      policyTypes: ["Egress"],
      egress: [{ to: [{ podSelector: CLIENT }], ports: [{ port: 443 }] }],
    },
    want: [{ peer: ["10.1.0.2", "10.1.1.2"], port: "TCP 443-443" }],
  },
];

for (const { name, spec, want } of CASES) {
  Deno.test(`policy plan: ${name}`, () => {
    const rules = planPolicies(worldWith([policy("web", { podSelector: WEB, ...spec })]));
    const [chain] = rules.chains;
    const setOf = (set: string) => rules.sets.get(set)?.elements ?? [];
    const plain = ({ peer, port }: Match) => ({
      ...(peer === undefined ? {} : {
        peer: "set" in peer ? setOf(peer.set) : [peer.cidr, ...peer.except].join(" "),
      }),
      ...(port === undefined ? {} : {
        port: [
          port.protocol,
          ...(port.set === undefined ? [] : [setOf(port.set).join(",")]),
          ...(port.first === undefined ? [] : [`${port.first}-${port.last}`]),
        ].join(" "),
      }),
    });
    assert.deepEqual(chain?.matches.map(plain), want);
    const [pod] = rules.pods;
    assert.deepEqual(pod?.[chain?.direction ?? "ingress"], ["default/web"]);
    assert.equal(rules.pods.length, 1);
  });
}

Deno.test("policy plan: policies of one pod add up, and each restricts its own directions", () => {
  const { pods } = planPolicies(worldWith([
    policy("b", { podSelector: {}, policyTypes: ["Ingress"] }),
    policy("a", { podSelector: WEB, policyTypes: ["Ingress", "Egress"] }),
    policy("elsewhere", { podSelector: {}, policyTypes: ["Ingress"] }, "shop"),
  ]));
  assert.deepEqual(pods, [
    {
      ...{ ip: "10.1.0.1", namespace: "default", name: "web" },
      ...{ ingress: ["default/a", "default/b"], egress: ["default/a"] },
    },
    { ip: "10.1.0.2", namespace: "default", name: "client", ingress: ["default/b"] },
  ]);
});

Deno.test("policy plan: a pod is restricted before its status shows its address", () => {
  const world = worldWith([policy("deny", { podSelector: {}, policyTypes: ["Ingress"] })]);
  const fresh = pod("fresh", "", { node: "here" });
  const { pods } = planPolicies({
    ...world,
    pods: [fresh],
    wired: new Map([["uid-default-fresh", "10.1.0.9"]]),
  });
  assert.deepEqual(pods.map(({ ip }) => ip), ["10.1.0.9"]);
});

Deno.test("policy table: the first script is whole, later ones say what changed", async () => {
  const table = new PolicyTable("test-policies");
  const policies = [
    policy("web", {
      podSelector: WEB,
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ podSelector: CLIENT }], ports: [{ port: "http" }] }],
      egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.9.0.0/16"] } }] }],
    }),
  ];
  const world = worldWith(policies);
  const scripts = [
    table.plan(planPolicies(world)),
    table.plan(planPolicies(world)),
    // one client more
    table.plan(planPolicies({ ...world, pods: [...world.pods, pod("new", "10.1.1.9")] })),
    // another rule
    table.plan(planPolicies({ ...world, policies: [policy("web", { podSelector: WEB })] })),
    // none
    table.plan(planPolicies({ ...world, policies: [] })),
  ];
  assert.equal(scripts[1], "");
  const text = scripts.map((script, i) => `# ${i + 1}\n${script}`).join("\n");
  const golden = new URL("policy_table.golden.nft", import.meta.url);
  if (Deno.env.get("WHERRY_GOLDEN") === "renew") await Deno.writeTextFile(golden, text);
  assert.equal(text, await Deno.readTextFile(golden));
});

Deno.test("policy metrics: tell whose packets were dropped, and by what", () => {
  const rules = planPolicies(
    worldWith([policy("deny", { podSelector: WEB, policyTypes: ["Ingress"] })]),
  );
  const counter = { name: "ingress-10.1.0.1", packets: 3, bytes: 180 };
  const text = policyMetrics(JSON.stringify({ nftables: [{ counter }] }), rules.pods);
  assert.match(
    text,
    /^wherry_network_policy_dropped_packets_total\{namespace="default",pod="web",direction="ingress",policies="default\/deny"\} 3$/m,
  );
});

function worldWith(policies: NetworkPolicy[]): PolicyWorld {
  return {
    policies,
    namespaces: [namespace("default", {}), namespace("shop", { stage: "prod" })],
    nodeName: "here",
    wired: new Map(),
    pods: [
      pod("web", "10.1.0.1", { node: "here", app: "web", ports: { http: 8080 } }),
      pod("client", "10.1.0.2", { node: "here" }),
      pod("client-2", "10.1.1.2"),
      pod("client", "10.1.1.3", { namespace: "shop", ports: { http: 80 } }),
      pod("other", "10.1.1.4", { namespace: "shop", app: "other" }),
      { ...pod("node", "192.0.2.1"), spec: { hostNetwork: true, containers: [] } },
      { ...pod("done", "10.1.1.5"), status: { phase: "Succeeded", podIP: "10.1.1.5" } },
    ],
  };
}

function policy(name: string, spec: Spec, namespace = "default"): NetworkPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace },
    spec,
  };
}

function namespace(name: string, labels: Record<string, string>): Namespace {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels }, spec: {} };
}

function pod(
  name: string,
  podIP: string,
  { namespace = "default", node = "there", app = "client", ports = {} }: {
    namespace?: string;
    node?: string;
    app?: string;
    ports?: Record<string, number>;
  } = {},
): Pod {
  const named = Object.entries(ports).map(([name, containerPort]) => ({
    name,
    containerPort,
    protocol: "TCP" as const,
  }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, uid: `uid-${namespace}-${name}`, labels: { app } },
    spec: { nodeName: node, containers: [{ name: "main", image: "img", ports: named }] },
    status: { phase: "Running", ...(podIP === "" ? {} : { podIP }) },
  };
}
