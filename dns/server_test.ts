import assert from "node:assert/strict";
import { decode, encode, endpoints, FakeCache, service, textOf } from "./fixtures_contract.ts";
import type { Exchange } from "./forwarder.ts";
import { HostExchange } from "./host_exchange.ts";
import { ANSWERED_BY_AGENTS, ANSWERED_BY_LABEL, clusterDnsIp, DnsServer } from "./server.ts";
import { realClock } from "../cmd/clock.ts";

const LABELS = { [ANSWERED_BY_LABEL]: ANSWERED_BY_AGENTS };
const dnsService = (ip: string, labels = LABELS) =>
  service("kube-dns", { clusterIP: ip }, labels, "kube-system");

Deno.test("dns server: answers over UDP and TCP, what is too long for one over the other", async () => {
  const addresses = Array.from({ length: 100 }, (_, i) => ({ ip: `10.244.1.${i}` }));
  await using scene = await Scene.start([
    dnsService("127.0.0.1"),
    service("web", { clusterIP: "10.96.0.20" }),
    service("many", { clusterIP: "None" }),
    endpoints("many", [{ addresses }]),
  ]);
  const many = encode("many.default.svc.cluster.local", "A");
  assert.equal(decode(await scene.ask(many, false)).answers?.length, 29);
  assert.equal(decode(await scene.ask(many, true)).answers?.length, 100);
  const web = "web.default.svc.cluster.local";
  const replies = await Promise.all(
    Array.from({ length: 200 }, (_, i) => scene.ask(encode(web, "A", { id: i }), i % 10 === 0)),
  );
  for (const [i, reply] of replies.entries()) {
    const { id, answers = [] } = decode(reply);
    assert.deepEqual([id, answers.map((each) => textOf(each, web))], [i, ["A 10.96.0.20"]]);
  }
  assert.match(scene.server.metrics.text(), /coredns_dns_responses_total\{rcode="NOERROR"\} 202\n/);
});

Deno.test("dns server: what it does not know it asks of others, which may be one like it", async () => {
  await using far = await Scene.start([
    dnsService("127.0.0.1"),
    service("web", { clusterIP: "10.96.0.20" }),
  ], { domain: "far.test" });
  await using near = await Scene.start([dnsService("127.0.0.2")], {
    exchange: new HostExchange(realClock, far.port),
    resolvConf: "nameserver 127.0.0.1\n",
  });
  const name = "web.default.svc.far.test";
  for (const isStream of [false, true]) {
    const { answers = [] } = decode(await near.ask(encode(name, "A"), isStream));
    assert.deepEqual(answers.map((each) => textOf(each, name)), ["A 10.96.0.20"]);
  }
  assert.equal(far.server.metrics.requests.udp, 1);
});

Deno.test("dns server: goes where the service goes, and leaves one that leads to pods alone", async () => {
  await using scene = await Scene.start([dnsService("127.0.0.1")]);
  assert.equal(clusterDnsIp(scene.cache), "127.0.0.1");
  scene.cache.put(dnsService("127.0.0.2"));
  await scene.carries("127.0.0.2");
  scene.cache.put(dnsService("127.0.0.2", {} as typeof LABELS));
  await scene.carries(undefined);
  assert.equal(clusterDnsIp(scene.cache), "127.0.0.2");
});

Deno.test("dns server: a port that is taken is told, and tried again", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using scene = await Scene.start([dnsService("127.0.0.1")], { port: other.addr.port });
  assert.match(scene.told.join("\n"), /names of services are not answered on this node/);
  const { trouble, fallenBack } = scene.server.state() ?? {};
  assert.match(trouble ?? "", /another program listens there/);
  assert.equal(fallenBack, "no kernel in this test");
});

interface SceneOptions {
  readonly domain?: string;
  readonly exchange?: Exchange;
  readonly resolvConf?: string;
  readonly port?: number;
}

class Scene implements AsyncDisposable {
  readonly told: string[] = [];
  readonly server: DnsServer;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #carried: (string | undefined)[] = [];
  #wake = () => {};
  port = 0;
  #ip = "";

  private constructor(
    readonly cache: FakeCache,
    { domain = "cluster.local", exchange, resolvConf = "", port = 0 }: SceneOptions,
  ) {
    this.server = new DnsServer({
      ...{ cache, domain, port, clock: realClock, signal: this.#abort.signal },
      carry: (ip) => {
        this.#carried.push(ip);
        this.#wake();
        return Promise.resolve();
      },
      kernel: { missing: "no kernel in this test" },
      exchange: exchange ?? { ask: () => Promise.reject(new Error("nobody there")) },
      resolvConf: () => Promise.resolve(resolvConf),
      newId: () => 4_242,
      log: (message, { address = "" } = {}) => {
        this.told.push(message);
        const [ip = "", told = "0"] = String(address).split(":");
        [this.#ip, this.port] = [ip, Number(told)];
        this.#wake();
      },
    });
    this.#running = this.server.run();
  }

  static async start(
    objects: ConstructorParameters<typeof FakeCache>[0],
    options: SceneOptions = {},
  ): Promise<Scene> {
    const scene = new Scene(new FakeCache(objects), options);
    await scene.#until(() => scene.told.length > 0);
    return scene;
  }

  async carries(ip: string | undefined): Promise<void> {
    await this.#until(() => this.#carried.at(-1) === ip);
  }

  async ask(query: Uint8Array, isStream: boolean): Promise<Uint8Array> {
    const isReply = () => true;
    const how = { isStream, isReply, timeoutMs: 20_000 };
    return await new HostExchange(realClock, this.port).ask(this.#ip, query, how);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.#wake = resolve);
  }
}
