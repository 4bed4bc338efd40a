import assert from "node:assert/strict";
import { IptablesTables, renderIptablesRemoval } from "./iptables_plan.ts";
import { namesOf } from "./names.ts";
import type { Rules, ServiceRule } from "./rules.ts";

const GOLDEN = new URL("./golden/iptables.rules", import.meta.url);
const NAMES = namesOf("wherry");
const NOTHING = { nat: "", filter: "" };

const WEB = rule("web", "TCP", 80, ["10.1.0.2", "10.1.0.3"]);
const DNS = rule("dns", "UDP", 53, ["10.1.0.3"]);
const EMPTY = rule("empty", "TCP", 81, []);
const NODE_PORT: ServiceRule = {
  ...rule("node", "TCP", 82, ["10.1.0.4"]),
  frontends: [{ port: 30_082, isExternal: true }],
};
const AFFINE = { ...rule("affine", "TCP", 83, ["10.1.0.2", "10.1.0.3"]), affinitySeconds: 60 };
const GUARDED: ServiceRule = {
  ...rule("guarded", "TCP", 84, ["10.1.0.4"]),
  frontends: [{ address: "192.0.2.9", port: 84, isExternal: true, sources: ["198.51.100.0/24"] }],
};

Deno.test("IptablesTables: the first script holds every chain (golden)", async () => {
  const tables = new IptablesTables(NAMES, NOTHING);
  const { script } = tables.plan(rules(WEB, DNS, EMPTY, NODE_PORT, AFFINE, GUARDED));
  if (Deno.env.get("GOLDEN") === "renew") await Deno.writeTextFile(GOLDEN, script);
  assert.equal(script, await Deno.readTextFile(GOLDEN));
});

Deno.test("IptablesTables: the same rules change nothing, also as other objects", () => {
  const tables = new IptablesTables(NAMES, NOTHING);
  tables.plan(rules(WEB, DNS));
  assert.deepEqual(tables.plan(rules(WEB, DNS)), { script: "", staleFlows: [] });
  assert.deepEqual(tables.plan(rules({ ...WEB }, DNS)), { script: "", staleFlows: [] });
});

Deno.test("IptablesTables: a pod less writes its service's chain and drops the pod's", () => {
  const tables = new IptablesTables(NAMES, NOTHING);
  tables.plan(rules(WEB, AFFINE));
  const { script } = tables.plan(rules(rule("web", "TCP", 80, ["10.1.0.3"]), AFFINE));
  const lines = script.trimEnd().split("\n");
  assert.equal(lines[0], "*nat");
  assert.deepEqual(lines.map((line) => line.slice(0, 2)), ["*n", ":v", ":v", "-A", "-X", "CO"]);
});

Deno.test("IptablesTables: the last pod less is a refusal, and forgets the flows", () => {
  const tables = new IptablesTables(NAMES, NOTHING);
  tables.plan(rules(DNS));
  const { script, staleFlows } = tables.plan(rules(rule("dns", "UDP", 53, [])));
  assert.match(script, /-D v\w+-services -d 10.96.0.53\/32 -p udp -m udp --dport 53 -j/);
  assert.match(script, /-A v\w+-refuse -d 10.96.0.53\/32 .* -j REJECT/);
  assert.deepEqual(staleFlows, [
    "-D -p udp --orig-dst 10.96.0.53 --orig-port-dst 53 --reply-src 10.1.0.3",
  ]);
});

Deno.test("IptablesTables: chains of an earlier process stay where they serve, else they go", () => {
  const before = new IptablesTables(NAMES, NOTHING).plan(rules(WEB, AFFINE)).script;
  const { linkPrefix } = NAMES;
  const nat = before.split("\n").filter((line) => line.startsWith(`:${linkPrefix}`)).join("\n");
  const { script } = new IptablesTables(NAMES, { nat, filter: "" }).plan(rules(WEB));
  const dropped = script.split("\n").filter((line) => line.startsWith("-X"));
  assert.equal(dropped.length, 3); // the service's and its two pods'
  for (const line of dropped) {
    assert(!script.includes(`-A ${line.slice(3)} `), `${line}, which is in use`);
  }
});

Deno.test("renderIptablesRemoval: takes jumps and chains of this cluster alone", () => {
  const { linkPrefix } = NAMES;
  const nat = `:PREROUTING ACCEPT [0:0]
:${linkPrefix}services - [0:0]
:other-services - [0:0]
-A PREROUTING -m comment --comment "cluster wherry" -j ${linkPrefix}services
-A PREROUTING -j other-services
-A ${linkPrefix}services -j ${linkPrefix}ports`;
  assert.equal(
    renderIptablesRemoval(NAMES, { nat, filter: "" }),
    `*nat
:${linkPrefix}services - [0:0]
-D PREROUTING -m comment --comment "cluster wherry" -j ${linkPrefix}services
-X ${linkPrefix}services
COMMIT
`,
  );
  assert.equal(renderIptablesRemoval(NAMES, NOTHING), "");
});

function rules(...services: ServiceRule[]): Rules {
  return { nodeAddresses: [], services };
}

function rule(name: string, protocol: "TCP" | "UDP", port: number, pods: string[]): ServiceRule {
  return {
    name,
    protocol,
    frontends: [{ address: `10.96.0.${port}`, port, isExternal: false }],
    backends: pods.map((ip) => ({ ip, port: 8080 })),
    affinitySeconds: 0,
  };
}
