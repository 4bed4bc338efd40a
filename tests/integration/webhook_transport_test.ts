import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { ANSWER_BYTES_MAX } from "../../api/admission/webhook_transport.ts";
import { webhookTransport } from "../../api/http/webhook_transport.ts";
import { ensurePki } from "../../cmd/pki.ts";

const NAMES = {
  clusterName: "test",
  nodeName: "n1",
  nodeAddresses: ["127.0.0.1"],
  apiServiceAddress: "10.96.0.1",
};

/** A webhook behind a certificate for `kubernetes.default.svc`; `ask` posts to it. */
async function startWebhook(answer: RequestListener) {
  const folder = await Deno.makeTempDir({ prefix: "wherry-webhook-" });
  await ensurePki(`${folder}/ours`, NAMES, Date.now());
  await ensurePki(`${folder}/theirs`, NAMES, Date.now());
  const pem = (file: string) => readFile(`${folder}/${file}`, "utf8");
  const [key, cert] = [await pem("ours/apiserver.key"), await pem("ours/apiserver.crt")];
  const authorities = { ours: await pem("ours/ca.crt"), theirs: await pem("theirs/ca.crt") };
  const server = createServer({ key, cert }, answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ask = webhookTransport();
  return {
    ask: (
      { ca = "ours", serverName = "kubernetes.default.svc", signal }: {
        ca?: "ours" | "theirs";
        serverName?: string;
        signal?: AbortSignal;
      } = {},
    ) =>
      ask({
        host: "127.0.0.1",
        port,
        serverName,
        path: "/review?timeout=1s",
        ca: authorities[ca],
        body: '{"a":1}',
        signal: signal ?? new AbortController().signal,
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const echo: RequestListener = (request, response) => {
  request.pipe(response.writeHead(201, { "x-path": request.url ?? "" }));
};

Deno.test("webhook transport: posts to who proves the name, by the authority that is named", async () => {
  await using webhook = await startWebhook(echo);
  const { status, body } = await webhook.ask();
  assert.deepEqual([status, new TextDecoder().decode(body)], [201, '{"a":1}']);
  await assert.rejects(webhook.ask({ ca: "theirs" }));
  await assert.rejects(webhook.ask({ serverName: "other.default.svc" }));
});

Deno.test("webhook transport: an answer without an end is cut, a call that is over is given up", async () => {
  await using webhook = await startWebhook((request, response) => {
    request.resume();
    const chunk = new Uint8Array(64 * 1024);
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", more);
    more();
  });
  await assert.rejects(webhook.ask(), new RegExp(`longer than ${ANSWER_BYTES_MAX} bytes`));
  const ending = new AbortController();
  const asked = webhook.ask({ signal: ending.signal });
  ending.abort();
  await assert.rejects(asked);
});
