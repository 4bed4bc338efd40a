import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { realClock } from "../cmd/clock.ts";
import {
  decode,
  encode,
  endpoints,
  FakeCache,
  service,
  textOf,
  withEdns,
} from "../dns/fixtures_contract.ts";
import { ANSWERED_BY_AGENTS, ANSWERED_BY_LABEL, DnsServer } from "../dns/server.ts";
import { carryDnsAddress, dropDnsAddress } from "./dns_address.ts";
import { NameAnswers, removeNameAnswers } from "./name_answers.ts";
import { linkNameOf } from "./names.ts";
import { commands, leftovers, missingPieces, PodWorld } from "./pod_world_contract.ts";

const missing = await missingPieces();
if (missing.length > 0) {
  console.log(`names in the kernel: skipped, this host lacks ${missing.join(", ")}`);
}

const WEB = "web.default.svc.cluster.local";
const labels = { [ANSWERED_BY_LABEL]: ANSWERED_BY_AGENTS };
const http = { name: "http", port: 80, protocol: "TCP" } as const;

/** Asked twice: what the agent said first, the kernel says then, unless it is left to the agent for good. */
const QUESTIONS: readonly { what: string; query: Uint8Array; isLeftToAgent?: boolean }[] = [
  { what: "an address", query: encode(WEB, "A") },
  { what: "an address, by a client that takes more", query: encode(WEB, "A", withEdns(4096)) },
  { what: "letters in any case", query: encode("Web.Default.SVC.cluster.LOCAL", "A") },
  { what: "the short form", query: encode("web.default.cluster.local", "A") },
  { what: "no address of IPv6", query: encode(WEB, "AAAA") },
  { what: "nobody's name", query: encode("nobody.default.svc.cluster.local", "A") },
  { what: "a completed name", query: encode(`${WEB}.default.svc.cluster.local`, "A") },
  { what: "a port", query: encode(`_http._tcp.${WEB}`, "SRV") },
  { what: "an alias within", query: encode("alias.default.svc.cluster.local", "A") },
  { what: "without recursion", query: encode(WEB, "A", { flags: 0 }) },
  {
    what: "an address's name",
    query: encode("20.0.96.10.in-addr.arpa", "PTR"),
    isLeftToAgent: true,
  },
  { what: "another class", query: classed(encode(WEB, "A"), 3), isLeftToAgent: true },
  { what: "an option", query: encode(WEB, "A", withCookie()), isLeftToAgent: true },
  {
    what: "more records than fit",
    query: encode("many.default.svc.cluster.local", "A"),
    isLeftToAgent: true,
  },
  {
    what: "a name that is long",
    query: encode(`${"a".repeat(60)}.${"b".repeat(60)}.${WEB}`, "A"),
    isLeftToAgent: true,
  },
];

Deno.test({
  name: "names in the kernel: answered as the agent answers, changed with it, there without it",
  ignore: missing.length > 0,
  async fn(t) {
    const world = await PodWorld.create("test-names", 7);
    try {
      await world.addPods(1);
      const scene = await Scene.start(world);
      for (const { what, query, isLeftToAgent = false } of QUESTIONS) {
        await t.step(what, () => alike(scene, query, isLeftToAgent));
      }
      await t.step("addresses take turns", () => turns(scene));
      await t.step("any bytes get the agent's answer", () => anyBytes(scene));
      await t.step("a change counts at once", () => change(scene));
      await t.step("a service that comes, or goes, too", () => comeAndGo(scene));
      await t.step("answers go on while no agent runs, and are new afterwards", async () => {
        await scene.stop();
        assert.deepEqual(await addressesOf(scene, WEB), ["10.96.0.99"]);
        scene.cache.put(service("web", { clusterIP: "10.96.0.98", ports: [http] }));
        await scene.start();
        assert.deepEqual(await addressesOf(scene, WEB), ["10.96.0.98"]);
        assert.deepEqual(await addressesOf(scene, WEB), ["10.96.0.98"]);
        assert.equal(scene.server.metrics.requests.udp, 1);
      });
      await scene.stop();
      await t.step("nothing is left of it", () => removeNameAnswers(world.names));
    } finally {
      await removeNameAnswers(world.names);
      await dropDnsAddress(world.names, commands);
      await Deno.remove(world.names.pins, { recursive: true }).catch(() => {});
      await world.remove();
    }
    assert.deepEqual(await leftovers(world.names), []);
  },
});

async function alike(scene: Scene, query: Uint8Array, isLeftToAgent: boolean): Promise<void> {
  const [first, second] = await scene.askFromPod([query, query]);
  assert.notEqual(first, "");
  if (!isLeftToAgent) assert.equal(second, first);
  const before = scene.server.metrics.requests.udp;
  await scene.askFromPod([query]);
  const askedAgent = scene.server.metrics.requests.udp - before;
  assert.equal(askedAgent, isLeftToAgent ? 1 : 0, "questions that reached the agent");
}

async function turns(scene: Scene): Promise<void> {
  const query = encode("db.default.svc.cluster.local", "A");
  await scene.askFromPod([query]);
  const before = scene.server.metrics.requests.udp;
  const replies = await scene.askFromPod(Array(40).fill(query));
  const firsts = replies.map((reply) => {
    const texts = answersIn(reply);
    assert.deepEqual(texts.toSorted(), ["10.244.0.5", "10.244.0.6", "10.244.0.7"]);
    return texts[0];
  });
  assert.equal(new Set(firsts).size, 3);
  assert.equal(scene.server.metrics.requests.udp, before);
}

/** From the pod by way of the kernel, and from the host by way of the agent alone. */
async function anyBytes(scene: Scene): Promise<void> {
  const random = seeded(20_261_122);
  const plain = encode(WEB, "A", withEdns(1232));
  const queries = Array.from({ length: 400 }, () => {
    const query = new Uint8Array(plain);
    for (let i = 0; i < 1 + random(3); i++) query[2 + random(query.length - 2)] = random(256);
    // what is no question gets no answer, and a wait: those are left out
    query[2]! &= 0x7f;
    return query.slice(0, random(4) === 0 ? 12 + random(query.length - 12) : query.length);
  });
  const [fromPod, fromHost] = [await scene.askFromPod(queries), await scene.askFromHost(queries)];
  for (const [i, reply] of fromPod.entries()) {
    assert.equal(reply, fromHost[i], `to ${hexOf(queries[i]!)}`);
  }
}

async function change(scene: Scene): Promise<void> {
  assert.deepEqual(await addressesOf(scene, WEB), ["10.96.0.20"]);
  scene.cache.put(service("web", { clusterIP: "10.96.0.99", ports: [http] }));
  assert.deepEqual(await addressesOf(scene, WEB), ["10.96.0.99"]);
  assert.deepEqual(await addressesOf(scene, WEB), ["10.96.0.99"]);
}

async function comeAndGo(scene: Scene): Promise<void> {
  const late = service("late", { clusterIP: "10.96.0.30", ports: [http] });
  const name = "late.default.svc.cluster.local";
  for (const _ of [1, 2]) assert.deepEqual(await addressesOf(scene, name), []);
  scene.cache.put(late);
  for (const _ of [1, 2]) assert.deepEqual(await addressesOf(scene, name), ["10.96.0.30"]);
  scene.cache.delete(late);
  for (const _ of [1, 2]) assert.deepEqual(await addressesOf(scene, name), []);
}

async function addressesOf(scene: Scene, name: string): Promise<string[]> {
  const [reply = ""] = await scene.askFromPod([encode(name, "A")]);
  return answersIn(reply);
}

function answersIn(reply: string): string[] {
  assert.notEqual(reply, "", "no answer");
  const { answers = [] } = decode(Uint8Array.from(bytesOf(reply)));
  return answers.map((each) => textOf(each, each.name).replace("A ", ""));
}

/** An agent's DNS with the kernel's help, and a pod that asks. */
class Scene {
  server!: DnsServer;
  #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #answers!: NameAnswers;

  private constructor(readonly world: PodWorld, readonly cache: FakeCache) {}

  static async start(world: PodWorld): Promise<Scene> {
    const addresses = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ ip: `10.244.0.${5 + i}` }));
    const cache = new FakeCache([
      service("kube-dns", { clusterIP: world.addresses.vip }, labels, "kube-system"),
      service("web", { clusterIP: "10.96.0.20", ports: [http] }),
      service("db", { clusterIP: "None" }),
      endpoints("db", [{ addresses: addresses(3) }]),
      service("many", { clusterIP: "None" }),
      endpoints("many", [{ addresses: addresses(20) }]),
      service("alias", { type: "ExternalName", externalName: WEB }),
    ]);
    const scene = new Scene(world, cache);
    await scene.start();
    return scene;
  }

  async start(): Promise<void> {
    const { names, pods } = this.world;
    this.#answers = await NameAnswers.open({ names, commands });
    await this.#answers.attachAll(pods.map(({ uid }) => linkNameOf(names, uid)));
    this.#abort = new AbortController();
    const server = new DnsServer({
      ...{ cache: this.cache, domain: "cluster.local", clock: realClock, kernel: this.#answers },
      carry: (ip) => carryDnsAddress({ names, commands }, ip),
      exchange: { ask: () => Promise.reject(new Error("nobody there")) },
      resolvConf: () => Promise.resolve(""),
      newId: () => 4_242,
      log: () => {},
      signal: this.#abort.signal,
    });
    const isUp = new Promise<void>((resolve) => {
      server.onChange(() => server.state()?.trouble === undefined && resolve());
    });
    this.#running = server.run();
    await isUp;
    assert.equal(server.state()?.fallenBack, undefined);
    this.server = server;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    this.#answers.close();
  }

  async askFromPod(queries: readonly Uint8Array[]): Promise<string[]> {
    const pid = this.world.pods[0]?.echo.child.pid;
    return await this.#ask(["nsenter", `--net=/proc/${pid}/ns/net`], queries);
  }

  async askFromHost(queries: readonly Uint8Array[]): Promise<string[]> {
    return await this.#ask(["env"], queries);
  }

  /** @returns replies as hexadecimal digits, "" for none */
  async #ask([enter = "", ...args]: string[], queries: readonly Uint8Array[]): Promise<string[]> {
    const child = new Deno.Command(enter, {
      args: [...args, Deno.execPath(), "eval", "--ext=js", ASK, this.world.addresses.vip],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const input = child.stdin.getWriter();
    await input.write(new TextEncoder().encode(JSON.stringify(queries.map(hexOf))));
    await input.close();
    const { stdout } = await child.output();
    return JSON.parse(new TextDecoder().decode(stdout)) as string[];
  }
}

/** One after the other, from one socket. */
const ASK = `
import { createSocket } from "node:dgram";
const queries = JSON.parse(await new Response(Deno.stdin.readable).text());
const socket = createSocket("udp4");
const replies = [];
for (const query of queries) {
  replies.push(await new Promise((resolve) => {
    const timer = setTimeout(() => resolve(""), 5000);
    socket.once("message", (reply) => {
      clearTimeout(timer);
      resolve(reply.toString("hex"));
    });
    socket.send(Buffer.from(query, "hex"), 53, Deno.args[0]);
  }));
}
console.log(JSON.stringify(replies));
Deno.exit(0);
`;

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16));
}

function classed(query: Uint8Array, dnsClass: number): Uint8Array {
  const changed = new Uint8Array(query);
  changed[changed.length - 1] = dnsClass;
  return changed;
}

function withCookie(): ReturnType<typeof withEdns> {
  const { additionals: [opt] = [] } = withEdns(1232);
  const options = [{ code: 10, data: Buffer.alloc(8) }];
  return { additionals: [{ ...opt, options }] } as unknown as ReturnType<typeof withEdns>;
}

/** @returns numbers below the bound, the same in every run */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor(state / 65_536) % bound;
  };
}
