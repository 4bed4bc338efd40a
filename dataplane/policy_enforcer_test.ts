import assert from "node:assert/strict";
import type { Pod } from "../api/types/core_v1.ts";
import { NETWORK_POLICIES, type NetworkPolicy } from "../api/types/networking_v1.ts";
import { NAMESPACES, PODS } from "../api/types/resources.ts";
import { FakeApi } from "../client/fake_api.ts";
import { FakeClock } from "../client/fake_clock.ts";
import { Informers } from "../client/informer.ts";
import { CommandError, type Commands } from "./host_commands.ts";
import { namesOf } from "./names.ts";
import { PolicyEnforcer } from "./policy_enforcer.ts";

Deno.test("policy enforcer: follows other nodes' pods only while there is a policy", async () => {
  await using world = await World.open();
  assert.equal(world.peersOpen, 0);
  assert.deepEqual(world.takeScripts(), [REMOVAL]);
  await world.api.create(PODS, podNamed("near", "here", "10.1.0.1"));
  await world.advance(100);
  assert.deepEqual(world.takeScripts(), []);
  await world.api.create(NETWORK_POLICIES, FROM_CLIENTS);
  await world.advance(100);
  assert.equal(world.peersOpen, 1);
  assert.match(world.takeScripts().join(""), /add element .* ingress { 10\.1\.0\.1 : goto/);
  await world.api.create(PODS, podNamed("far", "there", "10.1.1.1"));
  await world.advance(100);
  const [script = ""] = world.takeScripts();
  assert.match(script, /^add element ip test-policies peers-\w+ { 10\.1\.1\.1 }\n$/);
  await world.api.delete(NETWORK_POLICIES, "default", "web");
  await world.advance(100);
  assert.equal(world.peersOpen, 0);
  assert.deepEqual(world.takeScripts(), [REMOVAL]);
});

Deno.test("policy enforcer: a pod has its policies before it starts", async () => {
  await using world = await World.open();
  await world.api.create(NETWORK_POLICIES, FROM_CLIENTS);
  await world.advance(100);
  const { metadata: { uid = "" } } = await world.api.create(PODS, podNamed("near", "here"));
  await world.advance(100);
  world.takeScripts();
  let isWired = false;
  void world.enforcer.wired(uid, "10.1.0.9").then(() => isWired = true);
  world.isBroken = true;
  await world.advance(50);
  assert.equal(isWired, false);
  world.isBroken = false;
  await world.advance(1_000);
  assert.equal(isWired, true);
  // after a failure everything is written anew
  assert.match(world.takeScripts().at(-1) ?? "", /^add table .*10\.1\.0\.9 : goto/s);
});

Deno.test("policy enforcer: a kernel that takes nothing holds a pod up for 5 s at the most", async () => {
  await using world = await World.open();
  await world.api.create(NETWORK_POLICIES, FROM_CLIENTS);
  const { metadata: { uid = "" } } = await world.api.create(PODS, podNamed("near", "here"));
  await world.advance(100);
  world.isBroken = true;
  let isWired = false;
  void world.enforcer.wired(uid, "10.1.0.9").then(() => isWired = true);
  await world.advance(4_900);
  assert.equal(isWired, false);
  await world.advance(200);
  assert.equal(isWired, true);
  assert.ok(world.logged.includes("a pod starts before its policies"));
});

const REMOVAL = "add table ip test-policies\ndelete table ip test-policies\n";

class World implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly api = new FakeApi(this.clock);
  readonly logged: string[] = [];
  isBroken = false;
  peersOpen = 0;
  readonly #scripts: string[] = [];
  readonly #ending = new AbortController();
  readonly enforcer: PolicyEnforcer;

  private constructor() {
    const { api, clock } = this;
    const { signal } = this.#ending;
    const log = (message: string) => void this.logged.push(message);
    const cacheUntil = (signal: AbortSignal) =>
      new Informers({ api, clock, random: () => 0.5, log, signal });
    const cache = cacheUntil(signal);
    cache.watch(PODS, { fieldSelector: "spec.nodeName=here" });
    this.enforcer = new PolicyEnforcer({
      ...{ cache, clock, log, signal, nodeName: "here", names: namesOf("test") },
      commands: this.#commands(),
      openPeers: (signal) => {
        this.peersOpen++;
        signal.addEventListener("abort", () => this.peersOpen--, { once: true });
        return cacheUntil(signal);
      },
    });
  }

  static async open(): Promise<World> {
    const world = new World();
    await world.api.create(NAMESPACES, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "default" },
      spec: {},
    });
    await world.advance(100);
    return world;
  }

  #commands(): Commands {
    return {
      has: () => Promise.resolve(true),
      run: (command, args, script = "") => {
        if (this.isBroken) throw new CommandError(command, args, "Operation not permitted");
        this.#scripts.push(script);
        return Promise.resolve("");
      },
    };
  }

  takeScripts(): string[] {
    return this.#scripts.splice(0);
  }

  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      await this.clock.advance(Math.min(left, 10));
      await this.clock.settle();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.advance(10);
    await this.enforcer.done;
  }
}

const FROM_CLIENTS: NetworkPolicy = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "web", namespace: "default" },
  spec: {
    podSelector: { matchLabels: { app: "near" } },
    policyTypes: ["Ingress"],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: "far" } } }] }],
  },
};

function podNamed(name: string, nodeName: string, podIP?: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: `uid-${name}`, labels: { app: name } },
    spec: { nodeName, containers: [{ name: "main", image: "img" }] },
    status: { phase: "Running", ...(podIP === undefined ? {} : { podIP }) },
  };
}
