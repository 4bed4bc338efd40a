import assert from "node:assert/strict";
import type { Clock } from "../api/types/ambient.ts";
import { decode, encode } from "./fixtures_contract.ts";
import { type Exchange, Forwarder, serversIn } from "./forwarder.ts";
import { DnsMetrics } from "./metrics.ts";
import { keyOfText } from "./names.ts";
import type { Answer } from "./records.ts";
import { RCODE_NAMES, TYPE } from "./wire.ts";

const NAME = "example.com";
const KEY = keyOfText(NAME)!;
const CONF = "nameserver 192.0.2.1\nnameserver 10.96.0.10\nnameserver 192.0.2.2\n";

const address = (ttl: number) => ({ type: "A", name: NAME, data: "192.0.2.80", ttl }) as const;
const soa = (minimum: number, ttl = 3_600) => ({
  type: "SOA",
  name: "com",
  ttl,
  data: { mname: "a.com", rname: "b.com", serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
} as const);

/** What a server does: an answer, or how it fails. */
type Behaviour = (query: Uint8Array, isStream: boolean) => Uint8Array | Promise<Uint8Array>;

const replies = (more: object, flags = 0): Behaviour => (query) =>
  encode(NAME, "A", { type: "response", id: query[0]! * 256 + query[1]!, flags, ...more });
const silence: Behaviour = () => Promise.reject(new Error("no answer"));
const nonsense: Behaviour = (query) => Uint8Array.of(...query.slice(0, 2), 0x80, 0, 0, 1, 0, 9);

// deno-fmt-ignore
const TABLE: { name: string; first: Behaviour; second: Behaviour; want: string; asked: string }[] = [
  { name: "the first server's answer counts", first: replies({ answers: [address(60)] }), second: silence, want: "NOERROR 1", asked: "1" },
  { name: "the second one is asked when the first is silent", first: silence, second: replies({ answers: [address(60)] }), want: "NOERROR 1", asked: "1 2" },
  { name: "and when the first says that it fails", first: replies({}, 2), second: replies({ answers: [address(60)] }), want: "NOERROR 1", asked: "1 2" },
  { name: "and when the first refuses", first: replies({}, 5), second: replies({ answers: [address(60)] }), want: "NOERROR 1", asked: "1 2" },
  { name: "and when the first sends nonsense", first: nonsense, second: replies({ answers: [address(60)] }), want: "NOERROR 1", asked: "1 2" },
  { name: "no such name is an answer", first: replies({ authorities: [soa(20)] }, 3), second: silence, want: "NXDOMAIN 0", asked: "1" },
  { name: "all silent twice is a failure", first: silence, second: silence, want: "SERVFAIL 0", asked: "1 2 1 2" },
  { name: "what is cut off is asked for again over TCP", first: (query, isStream) => isStream ? replies({ answers: [address(60), address(60)] })(query, true) : replies({}, 0x200)(query, false), second: silence, want: "NOERROR 2", asked: "1 1/tcp" },
];

for (const { name, first, second, want, asked } of TABLE) {
  Deno.test(`dns forwarder: ${name}`, async () => {
    const scene = new Scene({ "192.0.2.1": first, "192.0.2.2": second });
    assert.equal(textOf(await scene.forwarder.ask(KEY, TYPE.A)), want);
    assert.equal(scene.asked.join(" "), asked);
  });
}

Deno.test("dns forwarder: an answer is told again while it holds, with what is left of its time", async () => {
  const scene = new Scene({ "192.0.2.1": replies({ answers: [address(60)] }) });
  await scene.forwarder.ask(KEY, TYPE.A);
  scene.now += 20_000;
  const [record] = (await scene.forwarder.ask(KEY, TYPE.A)).answers;
  assert.equal(record?.ttlSeconds, 40);
  assert.equal(scene.asked.length, 1);
  scene.now += 40_000;
  await scene.forwarder.ask(KEY, TYPE.A);
  assert.equal(scene.asked.length, 2);
});

// answer, and seconds that it is kept
const KEPT: [string, object, number, number][] = [
  ["an address", { answers: [address(60)] }, 0, 60],
  ["an address for a day", { answers: [address(86_400)] }, 0, 300],
  ["an address that is not to be kept", { answers: [address(0)] }, 0, 0],
  ["a name that is not there", { authorities: [soa(20)] }, 3, 20],
  ["a name that is not there for an hour", { authorities: [soa(3_600)] }, 3, 30],
  ["a name without such a record", { authorities: [soa(3_600, 7)] }, 0, 7],
  ["a failure", {}, 2, 2],
];

for (const [what, reply, flags, seconds] of KEPT) {
  Deno.test(`dns forwarder: ${what} is kept for ${seconds} s`, async () => {
    const scene = new Scene({ "192.0.2.1": replies(reply, flags) });
    const count = async () => {
      await scene.forwarder.ask(KEY, TYPE.A);
      return scene.asked.length;
    };
    const once = await count();
    if (seconds > 0) {
      scene.now += seconds * 1_000 - 1;
      assert.equal(await count(), once);
      scene.now += 1;
    }
    assert.ok(await count() > once);
  });
}

Deno.test("dns forwarder: a server that asks us back gets no further question: no circle", async () => {
  const scene: Scene = new Scene({
    "192.0.2.1": () =>
      new Promise<never>((_, reject) => {
        const again = scene.forwarder.ask(KEY, TYPE.A);
        queueMicrotask(() => reject(new Error("no answer, as we wait for each other")));
        void again;
      }),
  });
  assert.equal(textOf(await scene.forwarder.ask(KEY, TYPE.A)), "SERVFAIL 0");
  assert.equal(scene.asked.length, 4);
});

Deno.test("dns forwarder: too many questions at a time are told to come again", async () => {
  let release = () => {};
  const gate = new Promise<void>((resolve) => release = resolve);
  const scene = new Scene({
    "192.0.2.1": async (query) => {
      await gate;
      return await replies({ answers: [address(60)] })(query, false);
    },
  });
  const waiting = Array.from({ length: 512 }, (_, i) => scene.forwarder.ask(KEY, 1_000 + i));
  assert.equal(textOf(await scene.forwarder.ask(KEY, TYPE.A)), "SERVFAIL 0");
  release();
  await Promise.all(waiting);
});

Deno.test("dns forwarder: a server that was silent comes last for a while", async () => {
  const answer = replies({ answers: [address(0)] });
  const scene = new Scene({ "192.0.2.1": silence, "192.0.2.2": answer });
  for (const now of [0, 1, 20_000]) {
    scene.now = now;
    await scene.forwarder.ask(KEY, TYPE.A);
  }
  assert.equal(scene.asked.join(" "), "1 2 2 1 2");
});

Deno.test("serversIn: reads resolv.conf as resolvers do", () => {
  const text = "# nameserver 1.1.1.1\n nameserver\t9.9.9.9 \nsearch x\nnameserver fe80::1\n" +
    "nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver\n";
  assert.deepEqual(serversIn(text), ["9.9.9.9", "fe80::1", "1.0.0.1"]);
});

function textOf({ rcode, answers }: Answer): string {
  return `${RCODE_NAMES[rcode]} ${answers.length}`;
}

class Scene {
  now = 0;
  readonly asked: string[] = [];
  readonly forwarder: Forwarder;

  constructor(servers: Readonly<Record<string, Behaviour>>) {
    const clock: Clock = {
      now: () => this.now,
      sleep: () => Promise.resolve(),
      after: () => () => {},
    };
    const exchange: Exchange = {
      ask: async (server, query, { isStream, isReply }) => {
        this.asked.push(`${server.split(".")[3]}${isStream ? "/tcp" : ""}`);
        const packet = await (servers[server] ?? silence)(query, isStream);
        if (packet.length > 12) assert.equal(isReply(packet), isSame(query, packet));
        return packet;
      },
    };
    this.forwarder = new Forwarder({
      ...{ exchange, clock, log: () => {}, metrics: new DnsMetrics(), newId: () => 7 },
      resolvConf: () => Promise.resolve(CONF),
      serverIp: () => "10.96.0.10",
    });
  }
}

const isSame = (query: Uint8Array, packet: Uint8Array) =>
  decode(query).questions?.[0]?.type === decode(packet).questions?.[0]?.type;
