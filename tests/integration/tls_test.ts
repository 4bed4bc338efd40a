import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type TLSSocket } from "node:tls";
import { serve } from "../../api/http/server.ts";
import { ensurePki } from "../../cmd/pki.ts";
import { ADMIN_TOKEN, CLOCK, startApi } from "./harness.ts";

const NAMES = {
  clusterName: "test",
  nodeName: "n1",
  nodeAddresses: ["127.0.0.1"],
  apiServiceAddress: "10.96.0.1",
};

interface Pair {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

async function pkiIn(folder: string) {
  await ensurePki(folder, NAMES, Date.now());
  const pem = (file: string) => readFile(`${folder}/${file}`, "utf8");
  return async (file: string): Promise<Pair> => ({
    key: await pem(`${file}.key`),
    cert: await pem(`${file}.crt`),
    ca: await pem("ca.crt"),
  });
}

async function startServer() {
  const folder = await Deno.makeTempDir();
  const [ours, theirs] = [await pkiIn(`${folder}/ours`), await pkiIn(`${folder}/theirs`)];
  const api = await startApi();
  const tls = await ours("apiserver");
  const server = await serve({ api: api.api, host: "127.0.0.1", port: 0, clock: CLOCK, tls });
  return {
    port: server.port,
    folder,
    ours,
    theirs,
    async [Symbol.asyncDispose]() {
      await server.close();
      await api[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

interface Asked {
  readonly code: number;
  readonly isReused: boolean;
}

/** One GET over a TLS connection of its own. */
async function ask(
  port: number,
  options: Partial<Pair>,
  headers: readonly string[] = [],
): Promise<Asked> {
  const socket: TLSSocket = connect({
    port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
    ...options,
  });
  await once(socket, "secureConnect");
  const isReused = socket.isSessionReused();
  const lines = ["GET /api/v1/nodes HTTP/1.1", "Host: api", "Connection: close", ...headers];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) text += chunk;
  return { code: Number(text.split(" ")[1]), isReused };
}

Deno.test("tls: a token, or a certificate of our authority for a client, and nothing else", async () => {
  await using server = await startServer();
  const { port, ours, theirs } = server;
  assert.equal((await ask(port, {})).code, 401);
  const bearer = (token: string) => [`Authorization: Bearer ${token}`];
  assert.equal((await ask(port, {}, bearer(ADMIN_TOKEN))).code, 200);
  assert.equal((await ask(port, {}, bearer("wrong"))).code, 401);
  assert.equal((await ask(port, await ours("admin"))).code, 200);
  assert.equal((await ask(port, await theirs("admin"))).code, 401);
  assert.equal((await ask(port, await ours("apiserver"))).code, 401, "a server's certificate");
});

/** The same by OpenSSL's client, which can resume a session: Deno's does not. */
async function askAgain(port: number, folder: string, file: string): Promise<Asked[]> {
  const session = `${folder}/${file}.session`;
  const answers: Asked[] = [];
  for (const flag of ["-sess_out", "-sess_in"]) {
    const args = ["s_client", "-connect", `127.0.0.1:${port}`, "-ign_eof", flag, session];
    args.push("-cert", `${folder}/${file}.crt`, "-key", `${folder}/${file}.key`);
    const command = new Deno.Command("openssl", {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    });
    const child = command.spawn();
    const writer = child.stdin.getWriter();
    const request = "GET /api/v1/nodes HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n";
    await writer.write(new TextEncoder().encode(request));
    await writer.close();
    const output = await new Response(child.stdout).text();
    await child.status;
    const code = Number(/HTTP\/1.1 (\d+)/.exec(output)?.[1]);
    answers.push({ code, isReused: /^Reused/m.test(output) });
  }
  return answers;
}

Deno.test("tls: a resumed session does not make a foreign certificate good", async () => {
  await using server = await startServer();
  const { port, folder } = server;
  const [first, resumed] = await askAgain(port, `${folder}/theirs`, "admin");
  assert.deepEqual(first, { code: 401, isReused: false });
  assert.deepEqual(resumed, { code: 401, isReused: true });
  const [, own] = await askAgain(port, `${folder}/ours`, "admin");
  assert.deepEqual(own, { code: 200, isReused: true });
});
