import assert from "node:assert/strict";
import type { Node } from "../api/types/core_v1.ts";
import { NODES } from "../api/types/resources.ts";
import { FakeApi } from "../client/fake_api.ts";
import { FakeClock } from "../client/fake_clock.ts";
import { Informers } from "../client/informer.ts";
import type { Commands } from "./host_commands.ts";
import { namesOf } from "./names.ts";
import { removeOverlay, runOverlay } from "./overlay.ts";
import { readOverlay } from "./overlay_state.ts";
import { commands, missingPieces } from "./pod_world_contract.ts";

const missing = await missingPieces();
if (missing.length > 0) {
  console.log(`overlay: its tests are skipped, this host lacks ${missing.join(", ")}`);
}

const NAMES = namesOf("test-overlay");
const CLUSTER_CIDR = "10.198.0.0/16";
const RELIST_MS = 30_000;

Deno.test({
  name: "overlay: follows the nodes, mends what was deleted, and leaves nothing",
  ignore: missing.length > 0,
  async fn(t) {
    await using inside = await namespaceOf(
      `wherry-${crypto.randomUUID().slice(0, 8)}`,
      "192.0.2.1/24",
    );
    const clock = new FakeClock();
    const api = new FakeApi(clock);
    const ending = new AbortController();
    const failures: string[] = [];
    const log = (message: string, more = {}) => {
      if ("error" in more) failures.push(`${message}: ${more.error}`);
    };
    const shared = { api, clock, log, signal: ending.signal };
    const cache = new Informers({ ...shared, random: () => 0.5 });
    const self = { name: "one", address: "192.0.2.1", podCidr: "10.198.1.0/24" };
    const running = runOverlay({
      ...{ ...shared, names: NAMES, mode: "vxlan", commands: inside.commands, cache, self },
      clusterCidr: CLUSTER_CIDR,
    });
    const read = () => readOverlay(NAMES, inside.commands, CLUSTER_CIDR);

    await t.step("a node alone has no link", async () => {
      await api.create(NODES, nodeOf("one", "192.0.2.1", "10.198.1.0/24"));
      await api.create(NODES, nodeOf("odd", "fe80::1", "10.198.9.0/24"));
      await clock.advance(1);
      assert.equal((await read()).link, undefined);
    });
    await t.step("a second one brings it", async () => {
      await api.create(NODES, nodeOf("two", "192.0.2.2", "10.198.2.0/24"));
      await until(clock, async () => (await read()).forwarding.size === 2);
      const { link, podRoutes, nodeRoutes, rules } = await read();
      assert.equal(link?.mtu, 1_450);
      assert.deepEqual(podRoutes.map(({ to }) => to), ["10.198.2.0/24"]);
      assert.deepEqual(nodeRoutes.map(({ to }) => to), ["192.0.2.2"]);
      assert.deepEqual(rules, ["10.198.1.0/24"]);
    });
    await t.step("a node that moved is followed", async () => {
      const two = await api.get(NODES, "", "two");
      const addresses = [{ type: "InternalIP" as const, address: "192.0.2.22" }];
      await api.updateStatus(NODES, { ...two, status: { ...two.status, addresses } });
      await until(clock, async () => [...(await read()).forwarding.values()][0] === "192.0.2.22");
    });
    await t.step("a route that somebody deleted comes back", async () => {
      await inside.commands.run("ip", ["route", "del", "10.198.2.0/24"]);
      await inside.commands.run("ip", ["rule", "del", "lookup", String(NAMES.overlayTable)]);
      assert.equal((await read()).podRoutes.length, 0);
      await until(clock, async () => (await read()).podRoutes.length === 1, RELIST_MS);
      assert.deepEqual((await read()).rules, ["10.198.1.0/24"]);
    });
    ending.abort();
    await clock.advance(0);
    await running;
    await t.step("an end of the agent leaves it, removal takes it away", async () => {
      assert.notEqual((await read()).link, undefined);
      await removeOverlay(NAMES, inside.commands, CLUSTER_CIDR);
      const { link, podRoutes, nodeRoutes, rules } = await read();
      assert.deepEqual({ link, podRoutes, nodeRoutes, rules }, {
        ...{ link: undefined, podRoutes: [], nodeRoutes: [], rules: [] },
      });
    });
    assert.deepEqual(failures, []);
  },
});

/** Looks after each turn of the clock: programs run in real time, waits in the test's. */
async function until(
  clock: FakeClock,
  isTrue: () => Promise<boolean>,
  stepMs = 1_000,
): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!await isTrue()) {
    assert.ok(Date.now() < deadline, "it does not come about");
    await clock.advance(stepMs);
  }
}

/** Programs run in a network namespace of their own, with one link that has this address. */
async function namespaceOf(name: string, address: string) {
  await commands.run("ip", ["netns", "add", name]);
  const own: Commands = {
    has: (command) => commands.has(command),
    run: (command, args, stdin) =>
      commands.run("nsenter", [`--net=/run/netns/${name}`, command, ...args], stdin),
  };
  await own.run("ip", ["link", "add", "up0", "type", "veth", "peer", "name", "up1"]);
  await own.run("ip", ["address", "add", address, "dev", "up0"]);
  for (const link of ["up0", "up1"]) await own.run("ip", ["link", "set", link, "up"]);
  return {
    commands: own,
    [Symbol.asyncDispose]: async () => void await commands.run("ip", ["netns", "delete", name]),
  };
}

function nodeOf(name: string, address: string, podCIDR: string): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
    spec: { podCIDR },
    status: { addresses: [{ type: "InternalIP", address }] },
  };
}
