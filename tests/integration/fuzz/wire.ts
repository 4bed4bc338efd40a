import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type TLSSocket } from "node:tls";
import { serve } from "../../../api/http/server.ts";
import { ensurePki } from "../../../cmd/pki.ts";
import type { Choices } from "../choices.ts";
import { ADMIN_TOKEN, CLOCK, type Harness, startApi } from "../harness.ts";

export interface WireRun {
  readonly choices: Choices;
  readonly attacks: number;
  /** Ends it earlier. */
  readonly signal?: AbortSignal;
}

export interface WireReport {
  /** What the server may never do, each with the attack that it came of. */
  readonly findings: readonly string[];
  /** Answers by attack and code. */
  readonly counts: ReadonlyMap<string, number>;
}

const NAMES = {
  clusterName: "test",
  nodeName: "n1",
  nodeAddresses: ["127.0.0.1"],
  apiServiceAddress: "10.96.0.1",
};
const PODS = "/api/v1/namespaces/default/pods";
const AUTHORIZED = `Host: api\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n`;

/** Longer is a hang of the server for everybody else. */
const READY_MS = 5_000;
/** How long an attacker listens: most of them get no answer, and rightly. */
const LISTEN_MS = 50;
/** Attacks between two looks at whether the server still answers others. */
const ATTACKS_BETWEEN = 20;
/** Connections that are left hanging in the middle of something, at most. */
const HANGING_MAX = 200;

/**
 * Connections that do not keep to HTTP, or keep to it and never end: broken and endless bodies, half requests,
 * upgrades followed by noise, HTTP/2 streams that are cut. The server may refuse, close or wait; it must not
 * fail, and must answer others all the while.
 */
export async function fuzzWire({ choices, attacks, signal }: WireRun): Promise<WireReport> {
  const logged: string[] = [];
  const log = (message: string, fields: unknown) => {
    const error = (fields as { error?: unknown })?.error;
    logged.push(`logged "${message}": ${error instanceof Error ? error.stack : error}`);
  };
  const findings: string[] = [];
  await using target = await Target.start(log);
  for (let index = 0; index < attacks && !signal?.aborted; index += 1) {
    const name = choices.of(Object.keys(ATTACKS));
    const code = await ATTACKS[name]!(target, choices);
    target.count(name, code);
    const isFailure = code >= 500 && code !== 503;
    if (isFailure) findings.push(`attack ${index}, ${name}: ${code}`);
    for (const line of logged.splice(0)) findings.push(`attack ${index}, ${name}: ${line}`);
    if (index % ATTACKS_BETWEEN === 0 && !await target.isReady()) {
      findings.push(`attack ${index}, ${name}: nobody else is answered`);
    }
  }
  return { findings, counts: target.counts };
}

class Target {
  readonly counts = new Map<string, number>();
  readonly #hanging: TLSSocket[] = [];
  private constructor(
    readonly api: Harness,
    readonly port: number,
    readonly ca: string,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(log: (message: string, fields: unknown) => void): Promise<Target> {
    const folder = await Deno.makeTempDir();
    await ensurePki(folder, NAMES, Date.now());
    const read = (file: string) => Deno.readTextFile(`${folder}/${file}`);
    const ca = await read("ca.crt");
    const tls = { key: await read("apiserver.key"), cert: await read("apiserver.crt"), ca };
    const api = await startApi({ log });
    const pod = { metadata: { name: "a" }, spec: { containers: [{ name: "a", image: "a" }] } };
    await api.call("POST", "/api/v1/nodes", { metadata: { name: "n1" } });
    await api.call("POST", PODS, pod);
    await api.call("POST", `${PODS}/a/binding`, { target: { name: "n1" } });
    const server = await serve({ api: api.api, host: "127.0.0.1", port: 0, clock: CLOCK, tls });
    return new Target(api, server.port, ca, async () => {
      await server.close();
      await api[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#hanging) socket.destroy();
    await this.stop();
  }

  count(attack: string, code: number): void {
    const key = `${attack} ${code === 0 ? "no answer" : code}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  async open(protocol: "http/1.1" | "h2"): Promise<TLSSocket> {
    const where = { host: "127.0.0.1", port: this.port, ca: this.ca };
    const socket = connect({ ...where, ALPNProtocols: [protocol] });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    return socket;
  }

  /** Stays open while others come and go; the oldest goes when there are too many. */
  leaveHanging(socket: TLSSocket): void {
    this.#hanging.push(socket);
    if (this.#hanging.length > HANGING_MAX) this.#hanging.shift()?.destroy();
  }

  async isReady(): Promise<boolean> {
    using client = Deno.createHttpClient({ caCerts: [this.ca] });
    const signal = AbortSignal.timeout(READY_MS);
    try {
      const response = await fetch(`https://127.0.0.1:${this.port}/readyz`, { client, signal });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false; // what it was is of no use: others got no answer
    }
  }
}

type Attack = (target: Target, choices: Choices) => Promise<number>;

const ATTACKS: Readonly<Record<string, Attack>> = {
  noise: (target, choices) => exchange(target, [bytesOf(choices, 1 + choices.below(400))]),
  "a broken request line": (target, choices) =>
    exchange(target, [choices.of(["GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n", "G"])]),
  "broken headers": (target, choices) =>
    exchange(target, [
      `GET ${PODS} HTTP/1.1\r\n${AUTHORIZED}`,
      choices.of([": x\r\n", "a b: c\r\n", "Content-Length: x\r\n", "X: \u0000\r\n", "\ttab\r\n"]),
      "\r\n",
    ]),
  "headers without an end": (target, choices) =>
    exchange(target, [
      `GET ${PODS} HTTP/1.1\r\n${AUTHORIZED}`,
      `X-${choices.below(9)}: ${"x".repeat(8_000)}\r\n`.repeat(1 + choices.below(20)),
    ]),
  "chunks in order": (target, choices) => {
    const name = `c${choices.below(50)}`;
    const text = JSON.stringify({
      metadata: { name },
      data: { a: "x".repeat(choices.below(2_000)) },
    });
    return exchange(target, [
      ...chunkedHead("configmaps"),
      ...chunksOf(text, choices),
      "0\r\n\r\n",
    ]);
  },
  "broken chunks": (target, choices) =>
    exchange(target, [
      ...chunkedHead("configmaps"),
      choices.of([
        "zz\r\n{}\r\n",
        "-5\r\n{}\r\n",
        "ffffffffffffffffff\r\n{",
        "2\r\n{}{}\r\n",
        "2;x\r\n{",
      ]),
      "0\r\n\r\n",
    ]),
  "a body too large, in chunks": (target) => {
    const chunk = `100000\r\n${"x".repeat(0x100000)}\r\n`;
    return exchange(target, [
      ...chunkedHead("configmaps"),
      chunk,
      chunk,
      chunk,
      chunk,
      "0\r\n\r\n",
    ]);
  },
  "a body that is said to be too large": (target) =>
    exchange(target, [`POST ${PODS} HTTP/1.1\r\n${AUTHORIZED}${lengthOf(1e12)}\r\n{`]),
  "a body that never ends": async (target) => {
    const socket = await target.open("http/1.1");
    socket.write(`POST ${PODS} HTTP/1.1\r\n${AUTHORIZED}${lengthOf(100)}\r\n{"meta`);
    target.leaveHanging(socket);
    return 0;
  },
  "a head that never ends": async (target) => {
    const socket = await target.open("http/1.1");
    socket.write(`GET ${PODS} HTTP/1.1\r\nHost: a`);
    target.leaveHanging(socket);
    return 0;
  },
  "a watch that nobody reads": async (target) => {
    const socket = await target.open("http/1.1");
    socket.pause();
    socket.write(`GET /api/v1/configmaps?watch=1 HTTP/1.1\r\n${AUTHORIZED}\r\n`);
    target.leaveHanging(socket);
    return 0;
  },
  "a WebSocket, then noise": (target, choices) =>
    exchange(target, [
      `GET ${streamOf(choices)} HTTP/1.1\r\n${AUTHORIZED}`,
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
      `Sec-WebSocket-Protocol: ${
        choices.of(["v5.channel.k8s.io", "v4.channel.k8s.io", "nope"])
      }\r\n`,
      `Sec-WebSocket-Key: ${choices.of(["dGhlIHNhbXBsZSBub25jZQ==", "x", ""])}\r\n\r\n`,
      bytesOf(choices, choices.below(300)),
    ]),
  "SPDY, then noise": (target, choices) =>
    exchange(target, [
      `POST ${streamOf(choices)} HTTP/1.1\r\n${AUTHORIZED}`,
      "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n",
      "X-Stream-Protocol-Version: v4.channel.k8s.io\r\nContent-Length: 0\r\n\r\n",
      bytesOf(choices, choices.below(300)),
    ]),
  "an upgrade to nothing": (target, choices) =>
    exchange(target, [
      `GET ${choices.of([PODS, "/", "/api", "/nowhere"])} HTTP/1.1\r\n${AUTHORIZED}`,
      `Connection: Upgrade\r\nUpgrade: ${choices.of(["h2c", "x", "", "websocket"])}\r\n\r\n`,
    ]),
  "HTTP/2, then noise": async (target, choices) => {
    const socket = await target.open("h2");
    const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    return await spoken(socket, [...choices.chance(0.8) ? [preface] : [], bytesOf(choices, 200)]);
  },
  "HTTP/2 streams that are cut": (target, choices) => cutStreams(target, 1 + choices.below(100)),
};

function chunkedHead(resource: string): string[] {
  const path = `/api/v1/namespaces/default/${resource}`;
  const type = "Content-Type: application/json\r\n";
  return [`POST ${path} HTTP/1.1\r\n${AUTHORIZED}${type}Transfer-Encoding: chunked\r\n\r\n`];
}

function* chunksOf(text: string, choices: Choices): Generator<string> {
  for (let at = 0; at < text.length;) {
    const part = text.slice(at, at + 1 + choices.below(200));
    yield `${part.length.toString(16)}\r\n${part}\r\n`;
    at += part.length;
  }
}

function lengthOf(bytes: number): string {
  return `Content-Type: application/json\r\nContent-Length: ${bytes}\r\n`;
}

function streamOf(choices: Choices): string {
  const what = choices.of(["exec?command=ls", "attach", "portforward?ports=80", "proxy/x", "log"]);
  return `${PODS}/${choices.of(["a", "b"])}/${what}`;
}

function bytesOf(choices: Choices, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => choices.below(256));
}

async function exchange(target: Target, parts: readonly (string | Uint8Array)[]): Promise<number> {
  return await spoken(await target.open("http/1.1"), parts);
}

/** Says all of it, and @returns the code of the answer: 0 for none. */
async function spoken(
  socket: TLSSocket,
  parts: readonly (string | Uint8Array)[],
): Promise<number> {
  let text = "";
  const ended = new Promise<void>((resolve) => {
    socket.on("data", (data: Uint8Array) => {
      text += new TextDecoder().decode(data);
      if (text.includes("\r\n")) resolve();
    });
    socket.once("close", () => resolve());
  });
  for (const part of parts) socket.write(part);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, LISTEN_MS)));
  await Promise.race([ended, late]);
  clearTimeout(timer);
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
}

/** Requests of which each is cut at once, in its head, its body or its answer: CVE-2023-44487 in small. */
async function cutStreams({ port, ca }: Target, count: number): Promise<number> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca });
  session.on("error", () => {});
  await once(session, "connect");
  const streams = Array.from({ length: count }, (_, i) => {
    const stream = session.request({
      ":path": i % 2 ? PODS : "/api/v1/configmaps?watch=1",
      ":method": i % 2 ? "POST" : "GET",
      authorization: `Bearer ${ADMIN_TOKEN}`,
    }, { endStream: i % 2 === 0 });
    stream.on("error", () => {});
    if (i % 2) stream.write("{");
    stream.close(8);
    return stream;
  });
  await Promise.all(streams.map((stream) => stream.closed || once(stream, "close")));
  session.destroy();
  return 0;
}
