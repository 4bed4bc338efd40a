import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { HANDSHAKE_MS_MAX, IDLE_MS_MAX } from "../../api/http/idle_connections.ts";
import { serve } from "../../api/http/server.ts";
import { FakeClock } from "../../client/fake_clock.ts";
import { ensurePki } from "../../cmd/pki.ts";
import { ADMIN_TOKEN, startApi } from "./harness.ts";

const NAMES = {
  clusterName: "test",
  nodeName: "n1",
  nodeAddresses: ["127.0.0.1"],
  apiServiceAddress: "10.96.0.1",
};

/** A server over TLS whose time the test moves on. */
async function startServer() {
  const folder = await Deno.makeTempDir();
  await ensurePki(folder, NAMES, Date.now());
  const pem = (file: string) => Deno.readTextFile(`${folder}/${file}`);
  const tls = {
    key: await pem("apiserver.key"),
    cert: await pem("apiserver.crt"),
    ca: await pem("ca.crt"),
  };
  await Deno.remove(folder, { recursive: true });
  const api = await startApi();
  const clock = new FakeClock(Date.now());
  const server = await serve({ api: api.api, host: "127.0.0.1", port: 0, clock, tls });
  return {
    clock,
    port: server.port,
    async [Symbol.asyncDispose]() {
      const closed = server.close();
      await clock.advance(10_000);
      await closed;
      await api[Symbol.asyncDispose]();
    },
  };
}

const INSECURE = { host: "127.0.0.1", rejectUnauthorized: false };

async function secured(port: number, protocols: string[]): Promise<TLSSocket> {
  const socket = connect({ ...INSECURE, port, ALPNProtocols: protocols });
  await once(socket, "secureConnect");
  socket.resume();
  return socket;
}

Deno.test("idle connections: who never speaks TLS is cut off", async () => {
  await using server = await startServer();
  const socket = connectTcp(server.port, "127.0.0.1");
  const closed = once(socket, "close");
  await once(socket, "connect");
  await untilTimed(server.clock);
  await server.clock.advance(HANDSHAKE_MS_MAX);
  await closed;
});

for (const protocol of ["h2", "http/1.1"]) {
  Deno.test(`idle connections: who asks nothing over ${protocol} is cut off`, async () => {
    await using server = await startServer();
    const socket = await secured(server.port, [protocol]);
    const closed = once(socket, "close");
    await untilTimed(server.clock);
    await server.clock.advance(IDLE_MS_MAX);
    await server.clock.advance(1);
    await closed;
  });
}

Deno.test("idle connections: a watch is not idle; after its end the connection is", async () => {
  await using server = await startServer();
  const session = connectHttp2(`https://127.0.0.1:${server.port}`, INSECURE);
  const gone = once(session, "close");
  const watch = session.request({
    ":path": "/api/v1/namespaces?watch=true",
    authorization: `Bearer ${ADMIN_TOKEN}`,
  });
  watch.end();
  await once(watch, "data");
  for (let part = 0; part < 4; part += 1) await server.clock.advance(IDLE_MS_MAX / 2);
  assert.equal(session.closed || session.destroyed, false);
  watch.close();
  await once(watch, "close");
  await untilTimed(server.clock);
  await server.clock.advance(IDLE_MS_MAX);
  await server.clock.advance(1);
  await gone;
});

/** The server has seen what the client did, and measures its time. */
async function untilTimed(clock: FakeClock): Promise<void> {
  for (let turn = 0; turn < 1_000 && clock.pending === 0; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
