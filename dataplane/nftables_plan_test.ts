import assert from "node:assert/strict";
import { NftablesTable } from "./nftables_plan.ts";
import type { Rules, ServiceRule } from "./rules.ts";

const GOLDEN = new URL("./golden/nftables.nft", import.meta.url);

const WEB = rule("web", "TCP", 80, ["10.1.0.2", "10.1.0.3"]);
const DNS = rule("dns", "UDP", 53, ["10.1.0.3"]);
const EMPTY = rule("empty", "TCP", 81, []);
const NODE_PORT: ServiceRule = {
  ...rule("node", "TCP", 82, ["10.1.0.4"]),
  frontends: [{ port: 30_082, isExternal: true }],
};
const AFFINE = { ...rule("affine", "TCP", 83, ["10.1.0.2", "10.1.0.3"]), affinitySeconds: 60 };

Deno.test("NftablesTable: the first transaction holds the whole table (golden)", async () => {
  const table = new NftablesTable("wherry", "v1-");
  const { script } = table.plan(rules(WEB, DNS, EMPTY, NODE_PORT, AFFINE));
  if (Deno.env.get("GOLDEN") === "renew") await Deno.writeTextFile(GOLDEN, script);
  assert.equal(script, await Deno.readTextFile(GOLDEN));
});

Deno.test("NftablesTable: the same rules change nothing, also as other objects", () => {
  const table = new NftablesTable("wherry", "v1-");
  table.plan(rules(WEB, DNS));
  assert.deepEqual(table.plan(rules(WEB, DNS)), { script: "", staleFlows: [] });
  assert.deepEqual(table.plan(rules({ ...WEB }, DNS)), { script: "", staleFlows: [] });
});

Deno.test("NftablesTable: a pod less is some elements, in one transaction", () => {
  const table = new NftablesTable("wherry", "v1-");
  table.plan(rules(WEB, AFFINE, DNS));
  const { script } = table.plan(rules(rule("web", "TCP", 80, ["10.1.0.3"]), AFFINE, DNS));
  assert.deepEqual(script.trimEnd().split("\n"), [
    "add chain ip wherry tcp-random-1",
    "add rule ip wherry tcp-random-1 dnat ip to ip daddr . tcp dport . numgen random mod 1 map @tcp-backends",
    "delete element ip wherry services { 10.96.0.80 . tcp . 80 }",
    "delete element ip wherry tcp-backends { 10.96.0.80 . 80 . 0, 10.96.0.80 . 80 . 1 }",
    "add element ip wherry services { 10.96.0.80 . tcp . 80 : goto tcp-random-1 }",
    "add element ip wherry tcp-backends { 10.96.0.80 . 80 . 0 : 10.1.0.3 . 8080 }",
  ]);
});

Deno.test("NftablesTable: the last pod less is a refusal", () => {
  const table = new NftablesTable("wherry", "v1-");
  table.plan(rules(DNS));
  const { script, staleFlows } = table.plan(rules(rule("dns", "UDP", 53, [])));
  assert.deepEqual(script.trimEnd().split("\n"), [
    "delete element ip wherry services { 10.96.0.53 . udp . 53 }",
    "delete element ip wherry udp-backends { 10.96.0.53 . 53 . 0 }",
    "delete element ip wherry pods { 10.1.0.3 . 10.1.0.3 }",
    "add element ip wherry refused { 10.96.0.53 . udp . 53 }",
  ]);
  assert.deepEqual(staleFlows, [
    "-D -p udp --orig-dst 10.96.0.53 --orig-port-dst 53 --reply-src 10.1.0.3",
  ]);
});

Deno.test("NftablesTable: no service, no table", () => {
  const table = new NftablesTable("wherry", "v1-");
  const removal = "add table ip wherry\ndelete table ip wherry\n";
  assert.equal(table.plan(rules()).script, removal);
  assert.equal(table.plan(rules()).script, "");
  table.plan(rules(WEB));
  assert.equal(table.plan(rules()).script, removal);
  assert.match(table.plan(rules(WEB)).script, /^add table ip wherry\n/);
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
