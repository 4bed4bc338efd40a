import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { Server } from "node:https";
import { request } from "node:https";
import { type Duplex, PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
// @ts-types="@types/ws"
import { WebSocket } from "ws";
import {
  AGENT_FILE,
  API_SERVER_TO_AGENT_FILE,
  ensurePki,
  readTls,
  type TlsFiles,
} from "../cmd/pki.ts";
import { FakeClock } from "../client/fake_clock.ts";
import { FakeRuntime } from "./fake_runtime.ts";
import { containerSpec, podWith } from "./pod_fixtures.ts";
import { containerWith, sandboxWith } from "./runtime_fixtures.ts";
import { createAgentServer } from "./server.ts";
import { SpdyConnection } from "./spdy/connection.ts";

Deno.test("row 35: an agent answers the API server, its health among the rest", async () => {
  await using world = await World.open();
  assert.deepEqual(await world.get("/healthz"), { code: 200, text: "ok" });
  const pods = JSON.parse((await world.get("/pods")).text);
  assert.deepEqual([pods.kind, pods.items[0].metadata.name], ["PodList", "web"]);
  assert.equal((await world.get("/nothing")).code, 404);
});

Deno.test("agent server: refuses everyone else", async () => {
  await using world = await World.open();
  const { ca } = world.caller;
  const stranger = await pki("other");
  await assert.rejects(world.get("/healthz", { ca }), "no certificate");
  const theirs = { ...await readTls(stranger.folder, API_SERVER_TO_AGENT_FILE), ca };
  await assert.rejects(world.get("/healthz", theirs), "another CA");
  const own = await readTls(world.folder, AGENT_FILE);
  const answer = await world.get("/healthz", own).catch(() => ({ code: 403 }));
  assert.equal(answer.code, 403);
  await stranger.remove();
});

// deno-fmt-ignore
const LOGS = [
  { path: "/containerLogs/default/web/a",               code: 200, text: "one\ntwo\n" },
  { path: "/containerLogs/default/web/a?tailLines=1",   code: 200, text: "two\n" },
  { path: "/containerLogs/default/web/a?limitBytes=5",  code: 200, text: "one\nt" },
  { path: "/containerLogs/default/web/a?tailLines=x",   code: 400, text: 'tailLines: Invalid value: "x": must be a whole number' },
  { path: "/containerLogs/default/web/a?sinceTime=x",   code: 400, text: 'sinceTime: Invalid value: "x"' },
  { path: "/containerLogs/default/web/a?previous=true", code: 400, text: 'previous terminated container "a" in pod "web" not found' },
  { path: "/containerLogs/default/web/b",               code: 400, text: 'container "b" in pod "web" is not available' },
  { path: "/containerLogs/default/none/a",              code: 404, text: 'pod "none" not found on this node' },
  { path: "/exec/default/web/a?command=ls",             code: 400, text: "you must ask for an upgrade to a WebSocket" },
  { path: "/containerLogs/%zz",                         code: 400, text: 'path: Invalid value: "/containerLogs/%zz"' },
];
Deno.test("agent server: serves logs, and says what is wrong with a request", async () => {
  await using world = await World.open();
  for (const { path, code, text } of LOGS) {
    assert.deepEqual(await world.get(path), { code, text }, path);
  }
});

Deno.test("agent server: lets a follower go when it leaves", async () => {
  await using world = await World.open();
  const sent = request({ ...world.caller, port: world.port, path: FOLLOW, agent: false });
  const closed = new Promise((resolve) => sent.once("close", resolve));
  sent.on("error", () => {});
  sent.once("response", (response) => response.once("data", () => sent.destroy()));
  sent.end();
  await closed;
  await world.idle();
});
const FOLLOW = "/containerLogs/default/web/a?follow=true";

Deno.test("agent server: runs a command with input, its end and an exit code", async () => {
  await using world = await World.open();
  const socket = world.connect(
    "/exec/default/web/a?command=echo&input=1&output=1",
    "v5.channel.k8s.io",
  );
  socket.onopen(() => {
    socket.send([0, ...Buffer.from("through")]);
    socket.send([4, ...Buffer.from('{"Width":80,"Height":24}')]);
    socket.send([4, ...Buffer.from("no size")]);
    socket.send([255, 0]);
  });
  const { code, channels } = await socket.closed;
  assert.equal(code, 1000);
  assert.equal(channels[1], "through");
  assert.deepEqual(JSON.parse(channels[3] ?? ""), {
    metadata: {},
    status: "Failure",
    message: "command terminated with non-zero exit code: exit status 7",
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: "7" }] },
  });
});

Deno.test("agent server: an older protocol, and a command that succeeds", async () => {
  await using world = await World.open();
  const socket = world.connect("/exec/default/web/a?command=date", "v4.channel.k8s.io");
  const { channels } = await socket.closed;
  assert.equal(channels[1], "today\n");
  assert.deepEqual(JSON.parse(channels[3] ?? ""), { metadata: {}, status: "Success" });
});

Deno.test("agent server: forwards ports, many connections at a time", async () => {
  await using world = await World.open();
  const transport = await world.spdy("/portForward/default/web", "portforward.k8s.io");
  const client = new SpdyConnection(transport, { isServer: false });
  const sent = Array.from({ length: 20 }, (_, i) => `${i} `.repeat(20_000));
  const answers = await Promise.all(sent.map((one) => forwarded(client, "7", one)));
  assert.deepEqual(answers, sent.map((got) => ({ got, refusal: "" })));
  const { got, refusal } = await forwarded(client, "81", "lost");
  assert.equal(got, "");
  const why = "dial tcp 10.1.0.2:81: connect: connection refused";
  assert.equal(refusal, `error forwarding port 81 to pod web, uid u1: ${why}`);
  client.destroy();
  await client.ended;
});

Deno.test("agent server: forwards ports in a WebSocket", async () => {
  await using world = await World.open();
  const protocol = "SPDY/3.1+portforward.k8s.io";
  const answered = Promise.withResolvers<string | undefined>();
  const socket = await world.upgraded("/portForward/default/web", {
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-protocol": protocol,
  }, (headers) => answered.resolve(headers["sec-websocket-protocol"] as string));
  assert.equal(await answered.promise, protocol);
  const ping = [0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 9];
  // a binary message, of this length, masked with zeros
  socket.write(Uint8Array.of(0x82, 0x80 | ping.length, 0, 0, 0, 0, ...ping));
  const [message] = await once(socket, "data");
  assert.deepEqual([...message], [0x82, ping.length, ...ping]);
  socket.destroy();
});

Deno.test("agent server: a command over SPDY, as older clients have it", async () => {
  await using world = await World.open();
  const path = "/exec/default/web/a?command=echo&input=1&output=1&error=1";
  const client = new SpdyConnection(await world.spdy(path, "v4.channel.k8s.io"), {
    isServer: false,
  });
  const open = (type: string) => client.open(new Map([["streamtype", type]]));
  const [error, stdin, stdout, stderr] = [
    await open("error"),
    await open("stdin"),
    await open("stdout"),
    await open("stderr"),
  ];
  stdin.end("through");
  const [status, printed, complaints] = await Promise.all([error, stdout, stderr].map(text));
  assert.deepEqual([printed, complaints], ["through", ""]);
  assert.equal(JSON.parse(status ?? "").details.causes[0].message, "7");
  client.destroy();
  await client.ended;
});

// deno-fmt-ignore
const UPGRADES = [
  { path: "/exec/default/web/a?command=date",  protocol: "v9.channel.k8s.io", code: 400 },
  { path: "/exec/default/web/a",               protocol: "v5.channel.k8s.io", code: 400 },
  { path: "/exec/default/web/b?command=date",  protocol: "v5.channel.k8s.io", code: 400 },
  { path: "/exec/default/none/a?command=date", protocol: "v5.channel.k8s.io", code: 404 },
  { path: "/healthz",                          protocol: "v5.channel.k8s.io", code: 404 },
];
for (const { path, protocol, code } of UPGRADES) {
  Deno.test(`agent server: refuses to upgrade ${path} to ${protocol} with ${code}`, async () => {
    await using world = await World.open();
    assert.equal(await world.connect(path, protocol).refused, code);
  });
}

/** Port 7 sends back what it gets; nothing else listens. */
function echoOn7(_pod: unknown, port: number): Promise<Duplex> {
  if (port === 7) return Promise.resolve(new PassThrough());
  return Promise.reject(new Error(`dial tcp 10.1.0.2:${port}: connect: connection refused`));
}

async function pki(clusterName: string) {
  const folder = await Deno.makeTempDir();
  const names = {
    clusterName,
    nodeName: "node-1",
    nodeAddresses: ["127.0.0.1"],
    apiServiceAddress: "10.0.0.1",
  };
  await ensurePki(folder, names, Date.now());
  return { folder, remove: () => Deno.remove(folder, { recursive: true }) };
}

/** A server over a fake runtime, with one pod `web` whose container `a` runs. */
class World implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly server: Server,
    readonly caller: TlsFiles & { host: string },
  ) {}

  static async open(): Promise<World> {
    const { folder } = await pki("own");
    const clock = new FakeClock(Date.now());
    const runtime = new FakeRuntime(clock);
    const pod = await startPod(runtime);
    const server = createAgentServer({
      tls: await readTls(folder, AGENT_FILE),
      view: { pods: () => [pod] },
      runtime,
      dialer: { dial: echoOn7 },
      clock,
      log: () => {},
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const caller = { ...await readTls(folder, API_SERVER_TO_AGENT_FILE), host: "127.0.0.1" };
    return new World(folder, server, caller);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get(path: string, tls: Partial<TlsFiles> = this.caller): Promise<{ code: number; text: string }> {
    return new Promise((resolve, reject) => {
      const options = { ...tls, host: "127.0.0.1", port: this.port, path, agent: false as const };
      const sent = request(options, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => text += chunk);
        response.on("end", () => resolve({ code: response.statusCode ?? 0, text }));
        response.on("error", reject);
      });
      sent.on("error", reject);
      sent.end();
    });
  }

  connect(path: string, protocol: string) {
    const url = `wss://127.0.0.1:${this.port}${path}`;
    const socket = new WebSocket(url, protocol, { ...this.caller });
    const channels: Record<number, string> = {};
    const closed = Promise.withResolvers<{ code: number; channels: typeof channels }>();
    const refused = Promise.withResolvers<number | undefined>();
    socket.on("message", (data: Buffer) => {
      const channel = data[0] ?? -1;
      channels[channel] = (channels[channel] ?? "") + data.subarray(1).toString();
    });
    socket.on("close", (code) => closed.resolve({ code, channels }));
    socket.on("error", () => {});
    socket.on("unexpected-response", (sent, response) => {
      refused.resolve(response.statusCode);
      response.resume();
      sent.destroy();
    });
    return {
      closed: closed.promise,
      refused: refused.promise,
      onopen: (then: () => void) => void socket.on("open", then),
      send: (bytes: number[]) => socket.send(Uint8Array.from(bytes)),
    };
  }

  spdy(path: string, protocol: string): Promise<Duplex> {
    const headers = { "x-stream-protocol-version": ["v9.other", protocol] };
    return this.upgraded(path, { upgrade: "SPDY/3.1", ...headers });
  }

  /** Leaves HTTP. @throws {Error} with the code of a refusal */
  upgraded(
    path: string,
    asked: Record<string, string | string[]>,
    look: (headers: IncomingHttpHeaders) => void = () => {},
  ): Promise<Duplex> {
    const headers = { connection: "Upgrade", ...asked };
    const options = { ...this.caller, port: this.port, path, method: "GET", headers };
    const sent = request({ ...options, agent: false });
    return new Promise((resolve, reject) => {
      sent.once("upgrade", ({ headers }, socket, head) => {
        look(headers);
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      sent.once("response", ({ statusCode }) => reject(new Error(String(statusCode))));
      sent.once("error", reject);
      sent.end();
    });
  }

  /** Resolves once nobody is connected. */
  idle(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () =>
        this.server.getConnections((error, count) => {
          if (error) reject(error);
          else if (count === 0) resolve();
          else setTimeout(look, 5);
        });
      look();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function forwarded(client: SpdyConnection, port: string, sent: string) {
  const headers = { port, requestid: sent };
  const error = await client.open(new Map(Object.entries({ streamtype: "error", ...headers })));
  error.end();
  const data = await client.open(new Map(Object.entries({ streamtype: "data", ...headers })));
  data.end(sent);
  const [got, refusal] = await Promise.all([text(data), text(error)]);
  return { got, refusal };
}

async function startPod(runtime: FakeRuntime) {
  runtime.images.add("a:1");
  runtime.programs.set("serve", { prints: "one\ntwo\n" });
  runtime.programs.set("echo", { echoes: true, exits: 7 });
  runtime.programs.set("date", { prints: "today\n" });
  const sandboxId = await runtime.createSandbox(sandboxWith());
  await runtime.start(sandboxId);
  const id = await runtime.createContainer(
    containerWith({ sandboxId, image: "a:1", args: ["serve"] }),
  );
  await runtime.start(id);
  const base = { name: "a", image: "a:1", imageID: "", ready: true, restartCount: 0 };
  const status = { ...base, containerID: `docker://${id}`, state: { running: {} } };
  return podWith({ containers: [containerSpec("a")] }, {
    status: { containerStatuses: [status] },
  });
}
