import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { DockerClient } from "./docker_client.ts";

Deno.test("docker client: talks to a socket, and has loaded neither gRPC nor SSH", () => {
  assert.equal(typeof new DockerClient({ socketPath: "/nowhere" }).getContainer, "function");
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  assert.ok(loaded.some((path) => path.includes("/dockerode/")), "the cache shows what is loaded");
  assert.deepEqual(loaded.filter((path) => /\/(ssh2|@grpc)\//.test(path)), []);
});
