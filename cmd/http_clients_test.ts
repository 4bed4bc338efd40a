import assert from "node:assert/strict";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { HttpClients } from "./http_clients.ts";
import { API_SERVER_FILE, ensurePki, readTls } from "./pki.ts";

const NAMES = {
  ...{ clusterName: "test", nodeName: "boat", nodeAddresses: ["127.0.0.1"] },
  apiServiceAddress: "10.96.0.1",
};

/** Says by which protocol each request came, once `answer` is called. */
async function startServer() {
  const folder = await Deno.makeTempDir();
  await ensurePki(folder, NAMES, Date.now());
  const { ca, ...tls } = await readTls(folder, API_SERVER_FILE);
  await Deno.remove(folder, { recursive: true });
  const waiting: (() => void)[] = [];
  const server = createSecureServer({ ...tls, allowHTTP1: true }, (request, response) => {
    waiting.push(() => response.end(request.httpVersion));
    arrived.resolve();
    arrived = Promise.withResolvers<void>();
  });
  let arrived = Promise.withResolvers<void>();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    clients: new HttpClients({ caCerts: [ca] }),
    until: async (count: number) => {
      while (waiting.length < count) await arrived.promise;
    },
    answer: () => waiting.splice(0).forEach((each) => each()),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

Deno.test("http clients: long bodies go by HTTP/1.1, a few at one time, and all else by HTTP/2", async () => {
  const { url, clients, until, answer, close } = await startServer();
  const send = async (length: number) => {
    const request = length === 0
      ? new Request(url)
      : new Request(url, { method: "PUT", body: "x".repeat(length) });
    const response = await clients.fetch(request, length);
    return `${length} ${await response.text()}`;
  };
  const asked: Promise<string>[] = [];
  for (const length of [0, 100, 2_001, 2_002, 2_003, 2_004, 2_005]) {
    asked.push(send(length));
    await until(asked.length);
  }
  answer();
  assert.deepEqual(await Promise.all(asked), [
    ...["0 2.0", "100 2.0"],
    ...["2001 1.1", "2002 1.1", "2003 1.1", "2004 1.1", "2005 2.0"],
  ]);
  const again = send(3_000);
  await until(1);
  answer();
  assert.equal(await again, "3000 1.1");
  clients[Symbol.dispose]();
  await close();
});
