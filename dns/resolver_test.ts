import assert from "node:assert/strict";
import type { Clock } from "../api/types/ambient.ts";
import { ClusterAnswers } from "./cluster_answers.ts";
import {
  decode,
  DOMAIN,
  encode,
  endpoints,
  FakeCache,
  SERVER_IP,
  service,
  textOf,
  withEdns,
  worldOfNames,
} from "./fixtures_contract.ts";
import { Forwarder } from "./forwarder.ts";
import { DnsMetrics } from "./metrics.ts";
import { Resolver } from "./resolver.ts";

const SOA = "cluster.local SOA 5";

// name below cluster.local, type, code, answers, and additional records if any
const NAMES: [string, string, string, string[], string[]?][] = [
  ["web.default.svc", "A", "NOERROR", ["A 10.96.0.20"]],
  ["web.default.svc", "AAAA", "NOERROR", []],
  ["web.default.svc", "TXT", "NOERROR", []],
  ["WeB.Default.SVC", "A", "NOERROR", ["A 10.96.0.20"]],
  ["web.other.svc", "A", "NOERROR", ["A 10.96.0.21"]],
  ["web.default", "A", "NOERROR", ["A 10.96.0.20"]],
  ["nobody.default.svc", "A", "NXDOMAIN", []],
  ["nobody.default", "A", "NXDOMAIN", []],
  ["web.nowhere.svc", "A", "NXDOMAIN", []],
  ["a.b.c.d.e.svc", "A", "NXDOMAIN", []],
  ["default.svc", "A", "NOERROR", []],
  ["nowhere.svc", "A", "NXDOMAIN", []],
  ["default", "A", "NOERROR", []],
  ["svc", "A", "NOERROR", []],
  ["pod", "A", "NOERROR", []],
  ["", "NS", "NOERROR", ["NS ns.dns.cluster.local"]],
  ["", "SOA", "NOERROR", ["SOA 5"]],
  ["ns.dns", "A", "NOERROR", ["A 10.96.0.10"]],
  ["dns-version", "TXT", "NOERROR", ["TXT 1.1.0"]],
  ["db.default.svc", "A", "NOERROR", ["A 10.244.0.5", "A 10.244.0.6", "A 10.244.0.7"]],
  ["db-0.db.default.svc", "A", "NOERROR", ["A 10.244.0.5"]],
  ["db-0.db.default", "A", "NOERROR", ["A 10.244.0.5"]],
  ["db-2.db.default.svc", "A", "NXDOMAIN", []],
  ["10-244-0-7.db.default.svc", "A", "NOERROR", ["A 10.244.0.7"]],
  ["empty.default.svc", "A", "NOERROR", []],
  ["six.default.svc", "AAAA", "NOERROR", ["AAAA fd00::5"]],
  ["six.default.svc", "A", "NOERROR", ["A 10.244.0.9"]],
  ["10-1-2-3.default.pod", "A", "NOERROR", ["A 10.1.2.3"]],
  ["10-1-2-3.default.pod", "AAAA", "NOERROR", []],
  ["10-1-2-300.default.pod", "A", "NXDOMAIN", []],
  [
    "_http._tcp.web.default.svc",
    "SRV",
    "NOERROR",
    ["SRV 0 100 80 web.default.svc.cluster.local"],
    ["web.default.svc.cluster.local A 10.96.0.20"],
  ],
  [
    "_http._tcp.db.default.svc",
    "SRV",
    "NOERROR",
    [
      "SRV 0 33 8080 db-0.db.default.svc.cluster.local",
      "SRV 0 33 8080 db-1.db.default.svc.cluster.local",
      "SRV 0 33 8080 10-244-0-7.db.default.svc.cluster.local",
    ],
    [
      "db-0.db.default.svc.cluster.local A 10.244.0.5",
      "db-1.db.default.svc.cluster.local A 10.244.0.6",
      "10-244-0-7.db.default.svc.cluster.local A 10.244.0.7",
    ],
  ],
  [
    "_dns._udp.web.default.svc",
    "SRV",
    "NOERROR",
    ["SRV 0 100 53 web.default.svc.cluster.local"],
    ["web.default.svc.cluster.local A 10.96.0.20"],
  ],
  ["_http._tcp.web.default.svc", "A", "NOERROR", []],
  ["_tcp.web.default.svc", "SRV", "NOERROR", []],
  ["_http._udp.web.default.svc", "SRV", "NXDOMAIN", []],
  ["_ftp._tcp.web.default.svc", "SRV", "NXDOMAIN", []],
  ["inside.default.svc", "A", "NOERROR", [
    "CNAME web.default.svc.cluster.local",
    "web.default.svc.cluster.local A 10.96.0.20",
  ]],
  ["inside.default.svc", "CNAME", "NOERROR", ["CNAME web.default.svc.cluster.local"]],
  ["inside.default.svc", "AAAA", "NOERROR", ["CNAME web.default.svc.cluster.local"]],
  ["outside.default.svc", "A", "NOERROR", ["CNAME example.com", "example.com A 192.0.2.80"]],
  ["x.outside.default.svc", "A", "NXDOMAIN", []],
  ["ring.default.svc", "A", "SERVFAIL", []],
];

for (const [name, type, rcode, answers, additionals = []] of NAMES) {
  Deno.test(`dns: ${name || "the domain"} has as ${type}: ${answers.join(", ") || rcode}`, async () => {
    const full = name === "" ? DOMAIN : `${name}.${DOMAIN}`;
    const reply = await ask(resolver(), encode(full, type));
    const textsOf = (records: readonly Parameters<typeof textOf>[0][]) =>
      records.map((each) => textOf(each, full)).sort();
    assert.equal(reply.questions?.[0]?.name, full, "in the client's letters");
    assert.deepEqual(
      [reply.rcode, textsOf(reply.answers ?? []), textsOf(reply.additionals ?? [])],
      [rcode, answers.toSorted(), additionals.toSorted()],
    );
    const isEmpty = answers.every((answer) => answer.startsWith("CNAME"));
    const authorities = isEmpty && rcode !== "SERVFAIL" && type !== "CNAME" && answers.length === 0;
    assert.deepEqual((reply.authorities ?? []).map((each) => textOf(each, full)).slice(0, 1), [
      ...authorities || rcode === "SERVFAIL" ? [SOA] : [],
    ]);
  });
}

Deno.test("dns: addresses of services and of headless endpoints have names", async () => {
  const names = {
    "20.0.96.10.in-addr.arpa": ["PTR web.default.svc.cluster.local"],
    "5.0.244.10.in-addr.arpa": ["PTR db-0.db.default.svc.cluster.local"],
    "7.0.244.10.in-addr.arpa": ["PTR 10-244-0-7.db.default.svc.cluster.local"],
    [`5.${"0.".repeat(27)}0.0.d.f.ip6.arpa`]: ["PTR fd00--5.six.default.svc.cluster.local"],
  };
  for (const [name, want] of Object.entries(names)) {
    const reply = await ask(resolver(), encode(name, "PTR"));
    assert.deepEqual((reply.answers ?? []).map((each) => textOf(each, name)), want);
  }
});

Deno.test("dns: names in the cluster's domain never leave it, all others do", async () => {
  const asked: string[] = [];
  const server = resolver({ asked });
  for (
    const name of ["x.svc.cluster.local", "cluster.local", "example.com", "9.9.244.10.in-addr.arpa"]
  ) {
    await ask(server, encode(name, "A"));
  }
  assert.deepEqual(asked, ["example.com", "9.9.244.10.in-addr.arpa"]);
});

Deno.test("dns: a change is told at once", async () => {
  const cache = new FakeCache(worldOfNames());
  const server = resolver({ cache });
  const answers = async (name: string) =>
    (await ask(server, encode(`${name}.default.svc.cluster.local`, "A"))).answers
      ?.map((each) => textOf(each, `${name}.default.svc.cluster.local`));
  assert.deepEqual(await answers("late"), []);
  cache.put(service("late", { clusterIP: "10.96.0.77" }));
  assert.deepEqual(await answers("late"), ["A 10.96.0.77"]);
  cache.put(endpoints("empty", [{ addresses: [{ ip: "10.244.0.44" }] }]));
  assert.deepEqual(await answers("empty"), ["A 10.244.0.44"]);
  assert.equal((await answers("inside"))?.length, 2);
  cache.put(service("web", { clusterIP: "10.96.0.99" }));
  assert.deepEqual((await answers("inside"))?.[1], "web.default.svc.cluster.local A 10.96.0.99");
  cache.delete(service("late", {}));
  assert.deepEqual(await answers("late"), []);
});

Deno.test("dns: what is too long for UDP is cut at whole records, and says so", async () => {
  const addresses = Array.from({ length: 200 }, (_, i) => ({ ip: `10.244.1.${i}` }));
  const cache = new FakeCache([
    service("many", { clusterIP: "None" }),
    endpoints("many", [{ addresses }]),
  ]);
  const server = resolver({ cache });
  const name = "many.default.svc.cluster.local";
  const cases: [ednsBytes: number, isStream: boolean, bytesMax: number, records: number][] = [
    [0, false, 512, 29],
    [100, false, 512, 28],
    [1_000, false, 1_000, 58],
    [65_000, false, 1_232, 73],
    [0, true, 65_535, 200],
  ];
  for (const [ednsBytes, isStream, bytesMax, records] of cases) {
    const query = encode(name, "A", ednsBytes === 0 ? {} : withEdns(ednsBytes));
    const bytes = await bytesOf(server, query, isStream);
    assert.ok(bytes.length <= bytesMax, `${bytes.length} bytes`);
    const reply = decode(bytes);
    assert.equal(reply.answers?.length, records);
    assert.equal(reply.flag_tc, !isStream);
    assert.equal(reply.additionals?.length, ednsBytes === 0 ? 0 : 1);
  }
});

Deno.test("dns: each of several addresses comes first in its turn", async () => {
  const server = resolver();
  const firsts = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const { answers = [] } = await ask(server, encode("db.default.svc.cluster.local", "A"));
    firsts.add(textOf(answers[0]!, "db.default.svc.cluster.local"));
    assert.equal(new Set(answers.map((each) => textOf(each, ""))).size, 3);
  }
  assert.equal(firsts.size, 3);
});

const QUESTION = encode("web.default.svc.cluster.local", "A");

const ODD: [string, Uint8Array, string][] = [
  ["another opcode", patched(QUESTION, 2, 0x20), "NOTIMP"],
  ["two questions", patched(QUESTION, 5, 2), "FORMERR"],
  ["no question", patched(QUESTION, 5, 0), "FORMERR"],
  ["a pointer as its name", patched(QUESTION, 12, 0xc0), "FORMERR"],
  ["a name that is cut off", QUESTION.slice(0, 20), "FORMERR"],
  ["an answer in a question", patched(QUESTION, 7, 1), "FORMERR"],
  ["an additional record that is cut off", patched(QUESTION, 11, 1), "FORMERR"],
  ["the class of Chaos", patched(QUESTION, QUESTION.length - 1, 3), "REFUSED"],
  ["a transfer of the zone", encode("cluster.local", "AXFR"), "REFUSED"],
  ["EDNS of the next version", ednsOfVersion(1), "NOERROR"],
  ["a label of 64 bytes", longLabel(), "FORMERR"],
  ["a name of 300 bytes", longName(), "FORMERR"],
];

for (const [what, packet, rcode] of ODD) {
  Deno.test(`dns: a question with ${what} gets ${rcode}`, async () => {
    const bytes = await bytesOf(resolver(), packet);
    assert.equal(bytes[3]! & 15, { NOERROR: 0, FORMERR: 1, NOTIMP: 4, REFUSED: 5 }[rcode]);
    assert.equal(bytes[0]! * 256 + bytes[1]!, 4_711);
    assert.equal(bytes[2]! & 0x80, 0x80);
  });
}

Deno.test("dns: EDNS of a later version is told so", async () => {
  const [{ extendedRcode = 0 } = {}] = decode(await bytesOf(resolver(), ednsOfVersion(1)))
    .additionals as { extendedRcode?: number }[];
  assert.equal(extendedRcode, 1); // upper bits of 16
});

Deno.test("dns: answers of others, and packets too short for an id, get nothing", () => {
  const out = new Uint8Array(1_232);
  const of = (packet: Uint8Array) =>
    resolver().answer({ packet, length: packet.length, isStream: false }, out);
  assert.equal(of(patched(QUESTION, 2, 0x80)), 0);
  assert.equal(of(QUESTION.slice(0, 11)), 0);
});

Deno.test("dns: no bytes bring it down", async () => {
  const server = resolver();
  let seed = 1;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const bases = [QUESTION, encode("db.default.svc.cluster.local", "SRV", withEdns(1_232))];
  for (let i = 0; i < 20_000; i++) {
    const packet = new Uint8Array(bases[i % 2]!.slice(0, Math.ceil(random() * 100)));
    for (let changes = random() * 6; changes > 0; changes--) {
      packet[Math.floor(random() * packet.length)] = Math.floor(random() * 256);
    }
    const bytes = await bytesOf(server, packet);
    assert.ok(bytes.length === 0 || (bytes.length >= 12 && bytes.length <= 1_232), `packet ${i}`);
    if (bytes.length > 0) assert.doesNotThrow(() => decode(bytes), `packet ${i}`);
  }
});

function resolver({ cache = new FakeCache(worldOfNames()), asked = [] as string[] } = {}) {
  const clock: Clock = { now: () => 0, sleep: () => Promise.resolve(), after: () => () => {} };
  const metrics = new DnsMetrics();
  const exchange = {
    ask(_server: string, query: Uint8Array): Promise<Uint8Array> {
      const { name = "" } = decode(query).questions?.[0] ?? {};
      asked.push(name);
      const data = "192.0.2.80";
      const answers = name === "example.com" ? [{ type: "A", name, data, ttl: 60 } as const] : [];
      return Promise.resolve(encode(name, "A", { type: "response", id: 0, answers }));
    },
  };
  const forwarder = new Forwarder({
    ...{ exchange, clock, metrics, newId: () => 0, log: () => {} },
    resolvConf: () => Promise.resolve("nameserver 192.0.2.53\n"),
    serverIp: () => SERVER_IP,
  });
  return new Resolver(new ClusterAnswers(cache, DOMAIN, () => SERVER_IP), forwarder, metrics);
}

async function bytesOf(server: Resolver, packet: Uint8Array, isStream = false) {
  const out = new Uint8Array(65_535);
  const answer = server.answer({ packet, length: packet.length, isStream }, out);
  return typeof answer === "number" ? out.slice(0, answer) : await answer;
}

async function ask(server: Resolver, packet: Uint8Array) {
  return decode(await bytesOf(server, packet));
}

function patched(packet: Uint8Array, at: number, value: number): Uint8Array {
  const copy = new Uint8Array(packet);
  copy[at] = value;
  return copy;
}

function ednsOfVersion(version: number): Uint8Array {
  const packet = encode("web.default.svc.cluster.local", "A", withEdns(1_232));
  return patched(packet, packet.length - 5, version);
}

function longLabel(): Uint8Array {
  return Uint8Array.of(...QUESTION.slice(0, 12), 64, ...new Uint8Array(64).fill(97), 0, 0, 1, 0, 1);
}

function longName(): Uint8Array {
  const label = [49, ...new Uint8Array(49).fill(97)];
  const labels = new Array(6).fill(label).flat();
  return Uint8Array.of(...QUESTION.slice(0, 12), ...labels, 0, 0, 1, 0, 1);
}
