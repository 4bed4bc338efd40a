import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { inspect } from "node:util";
import { beginner, clientOf } from "./docker_client.ts";
import { asked } from "./docker_errors.ts";
import { failedFor } from "./runtime.ts";

Deno.test("docker client: talks to a socket, and has loaded neither gRPC nor SSH", () => {
  assert.equal(typeof clientOf("/nowhere").getContainer, "function");
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  assert.ok(loaded.some((path) => path.includes("/dockerode/")), "the cache shows what is loaded");
  assert.deepEqual(loaded.filter((path) => /\/(ssh2|@grpc)\//.test(path)), []);
});

Deno.test("docker client: what the library renders for each request does not grow with the connections", () => {
  for (const client of [clientOf("/nowhere"), beginner("/nowhere")]) {
    const { agent } = client.modem as unknown as { agent: unknown };
    assert.equal(inspect(agent, { showHidden: true, depth: null }), "WholeAnswers");
  }
});

const ANSWERS = [
  {
    of: "a length that it does not reach",
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{"Id":',
  },
  {
    of: "chunks without the last",
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n[{"Id":\r\n',
  },
  { of: "half a head", text: "HTTP/1.1 200 OK\r\nContent-" },
];

for (const { of, text } of ANSWERS) {
  Deno.test(`docker client: an engine that goes away in its answer, ${of}, was not available`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "wherry-test-" });
    const socketPath = `${folder}/engine.sock`;
    const engine = createServer((socket) => socket.once("data", () => socket.end(text)));
    await new Promise<void>((resolve) => engine.listen(socketPath, resolve));
    try {
      for (const client of [clientOf(socketPath), beginner(socketPath)]) {
        await assert.rejects(
          asked(client.listContainers()),
          (error) => failedFor(error, "Unavailable"),
        );
      }
    } finally {
      await new Promise((resolve) => engine.close(resolve));
      await Deno.remove(folder, { recursive: true });
    }
  });
}
