import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createHttp } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeClock } from "../client/fake_clock.ts";
import { FakeRuntime } from "./fake_runtime.ts";
import { HostProber } from "./host_prober.ts";

// deno-fmt-ignore
const HEALTH = [
  { name: "a server that serves",           service: "",     answer: { message: [8, 1] }, want: [true, ""] },
  { name: "a service of it that serves",    service: "shop", answer: { message: [8, 1] }, want: [true, ""] },
  { name: "a server that does not serve",   service: "",     answer: { message: [8, 2] }, want: [false, 'service unhealthy (responded with "NOT_SERVING")'] },
  { name: "a server that does not know yet", service: "",    answer: { message: [] },     want: [false, 'service unhealthy (responded with "UNKNOWN")'] },
  { name: "a server without the protocol",  service: "",     answer: { code: "12" },      want: [false, "error: this server does not implement the grpc health protocol (grpc.health.v1.Health)"] },
  { name: "a service that nobody knows",    service: "nope", answer: { code: "5" },       want: [false, "error: health rpc probe failed: status 5"] },
] as const;
for (const { name, service, answer, want } of HEALTH) {
  Deno.test(`HostProber: asks gRPC for the health of ${name}`, async () => {
    const asked: { headers?: IncomingHttpHeaders; body?: Buffer } = {};
    const server = healthServer(answer, asked);
    try {
      const port = await listening(server);
      const clock = new FakeClock();
      const prober = new HostProber(new FakeRuntime(clock), clock);
      const { isSuccess, output } = await prober.grpc("127.0.0.1", port, service, 1000);
      assert.deepEqual([isSuccess, output], want);
      assert.equal(asked.headers?.[":path"], "/grpc.health.v1.Health/Check");
      assert.equal(asked.headers?.te, "trailers");
      assert.equal(asked.body?.subarray(7).toString(), service);
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  });
}

Deno.test("HostProber: a gRPC server that is not there is a failure", async () => {
  const clock = new FakeClock();
  const prober = new HostProber(new FakeRuntime(clock), clock);
  const { isSuccess, output } = await prober.grpc("127.0.0.1", 1, "", 1000);
  assert.equal(isSuccess, false);
  assert.match(output, /^error: failed to connect service "127\.0\.0\.1:1"/);
});

// deno-fmt-ignore
const HEADERS = [
  { name: "nothing but its own",   headers: [],                                                              want: { "x-a": undefined,  agent: /^kube-probe\// } },
  { name: "a host of its own",     headers: [["Host", "other.test"], ["Host", "shop.test"]],                 want: { host: "shop.test", agent: /^kube-probe\// } },
  { name: "one name twice",        headers: [["X-A", "1"], ["X-A", "2"]],                                    want: { "x-a": "1, 2",     agent: /^kube-probe\// } },
  { name: "another agent",         headers: [["user-agent", "mine"]],                                        want: { "x-a": undefined,  agent: /^mine$/ } },
] as const;
for (const { name, headers, want } of HEADERS) {
  Deno.test(`HostProber: asks HTTP with ${name}`, async () => {
    let got: IncomingHttpHeaders = {};
    const server = createHttp((request, response) => {
      got = request.headers;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    const { port } = server.address() as AddressInfo;
    const clock = new FakeClock();
    const prober = new HostProber(new FakeRuntime(clock), clock);
    const given = headers.map(([name, value]) => ({ name, value }));
    const { isSuccess, output } = await prober.httpGet(`http://127.0.0.1:${port}/`, given, 1000);
    assert.deepEqual([isSuccess, output], [true, ""]);
    const { agent, ...others } = want;
    assert.match(got["user-agent"] ?? "", agent);
    for (const [name, value] of Object.entries(others)) assert.equal(got[name], value);
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
}

function healthServer(
  answer: { message?: readonly number[]; code?: string },
  asked: { headers?: IncomingHttpHeaders; body?: Buffer },
): Http2Server {
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    asked.headers = headers;
    const chunks: Uint8Array[] = [];
    stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    stream.on("end", () => {
      asked.body = Buffer.concat(chunks);
      const { message, code = "0" } = answer;
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, {
        waitForTrailers: true,
      });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": code }));
      if (message === undefined) return void stream.end();
      stream.end(Buffer.from([0, 0, 0, 0, message.length, ...message]));
    });
  });
  return server;
}

function listening(server: Http2Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
