import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
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

async function pkiIn(folder: string, now = Date.now()) {
  await ensurePki(folder, NAMES, now);
  const pem = (file: string) => readFile(`${folder}/${file}`, "utf8");
  return async (file: string): Promise<Pair> => ({
    key: await pem(`${file}.key`),
    cert: await pem(`${file}.crt`),
    ca: await pem("ca.crt"),
  });
}

/** Longer than a certificate lives, and shorter than an authority does. */
const LONG_AGO_MS = 400 * 24 * 60 * 60 * 1000;

/** `theirs` is signed by an authority of the same name as ours, `old` and `early` by ours at another time. */
async function startServer() {
  const folder = await Deno.makeTempDir();
  const [ours, theirs] = [await pkiIn(`${folder}/ours`), await pkiIn(`${folder}/theirs`)];
  const atAnotherTime = async (name: string, now: number) => {
    await Deno.mkdir(`${folder}/${name}`);
    for (const file of ["ca.crt", "ca.key"]) {
      await Deno.copyFile(`${folder}/ours/${file}`, `${folder}/${name}/${file}`);
    }
    return await pkiIn(`${folder}/${name}`, now);
  };
  const old = await atAnotherTime("old", Date.now() - LONG_AGO_MS);
  const early = await atAnotherTime("early", Date.now() + LONG_AGO_MS);
  const api = await startApi();
  const tls = await ours("apiserver");
  const server = await serve({ api: api.api, host: "127.0.0.1", port: 0, clock: CLOCK, tls });
  return {
    port: server.port,
    folder,
    ours,
    theirs,
    old,
    early,
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

/** One GET over HTTP/2. @returns the code of the answer */
async function askHttp2(port: number, pair: Partial<Pair>): Promise<number> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ...pair, rejectUnauthorized: false });
  try {
    const stream = session.request({ ":path": "/api/v1/nodes" });
    stream.end();
    const [headers] = await once(stream, "response");
    stream.resume();
    await once(stream, "end");
    return Number(headers[":status"]);
  } finally {
    session.close();
    await once(session, "close");
  }
}

Deno.test("tls: forged, foreign, expired and early certificates, over HTTP/1.1 and HTTP/2", async () => {
  await using server = await startServer();
  const { port, ours, theirs, old, early } = server;
  const cases: [string, Partial<Pair>, number][] = [
    ["none", {}, 401],
    ["ours", await ours("admin"), 200],
    ["signed by an authority of the same name", await theirs("admin"), 401],
    ["expired", await old("admin"), 401],
    ["not valid yet", await early("admin"), 401],
    ["a server's", await ours("apiserver"), 401],
    ["the authority's own", await ours("ca"), 401],
  ];
  for (const [name, pair, code] of cases) {
    assert.equal((await ask(port, pair)).code, code, `${name}, HTTP/1.1`);
    assert.equal(await askHttp2(port, pair), code, `${name}, HTTP/2`);
  }
});

const HTTP1 = new TextEncoder().encode(
  "GET /api/v1/nodes HTTP/1.1\r\nHost: api\r\n\r\n",
);

/** Preface, empty settings, and the headers of one GET. Source: RFC 9113 and RFC 7541. */
function http2Bytes(): Uint8Array {
  const literal = (index: number, text: string) => [index, text.length, ...Buffer.from(text)];
  const headers = [0x82, 0x87, ...literal(0x04, "/api/v1/nodes"), ...literal(0x01, "api")];
  const frame = (type: number, flags: number, stream: number, payload: number[]) => [
    ...[0, 0, payload.length, type, flags, 0, 0, 0, stream],
    ...payload,
  ];
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  return Uint8Array.from([...preface, ...frame(4, 0, 0, []), ...frame(1, 0x05, 1, headers)]);
}

/** The same by OpenSSL's client, which can resume a session: Deno's does not. */
async function askAgain(
  port: number,
  folder: string,
  [alpn, request]: readonly [string, Uint8Array],
): Promise<Asked[]> {
  const session = `${folder}/${alpn.replace("/", "")}.session`;
  const answers: Asked[] = [];
  for (const flag of ["-sess_out", "-sess_in"]) {
    const args = ["s_client", "-connect", `127.0.0.1:${port}`, "-ign_eof", flag, session];
    args.push("-alpn", alpn, "-cert", `${folder}/admin.crt`, "-key", `${folder}/admin.key`);
    const command = new Deno.Command("openssl", {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    });
    const child = command.spawn();
    const writer = child.stdin.getWriter();
    await writer.write(request);
    const output = await textUntil(child.stdout, /"kind":"NodeList"|"code":\d+/);
    child.kill();
    await Promise.all([child.status, writer.close().catch(() => {})]);
    const code = Number(/"code":(\d+)/.exec(output)?.[1] ?? 200);
    answers.push({ code, isReused: /^Reused/m.test(output) });
  }
  return answers;
}

async function textUntil(stream: ReadableStream<Uint8Array>, pattern: RegExp): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    if (pattern.test(text)) break;
  }
  return text;
}

const PROTOCOLS: readonly (readonly [string, Uint8Array])[] = [
  ["http/1.1", HTTP1],
  ["h2", http2Bytes()],
];
for (const protocol of PROTOCOLS) {
  Deno.test(`tls: a resumed session does not make a certificate good, over ${protocol[0]}`, async () => {
    await using server = await startServer();
    const { port, folder } = server;
    for (const name of ["theirs", "old", "early"]) {
      const [first, resumed] = await askAgain(port, `${folder}/${name}`, protocol);
      assert.deepEqual(first, { code: 401, isReused: false }, name);
      assert.equal(resumed?.code, 401, name);
      if (name === "theirs") assert.equal(resumed?.isReused, true);
    }
    const [, own] = await askAgain(port, `${folder}/ours`, protocol);
    assert.deepEqual(own, { code: 200, isReused: true });
  });
}
