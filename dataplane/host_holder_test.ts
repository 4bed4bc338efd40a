import assert from "node:assert/strict";
import { HostHolder } from "./host_holder.ts";
import type { PodAddress } from "./rules.ts";

Deno.test("holder: what a client sends before there is a pod arrives there, and the answer comes back", async () => {
  using pod = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answered = (async () => {
    using connection = await pod.accept();
    const bytes = await allOf(connection);
    await connection.write(bytes.reverse());
  })();
  const { promise: served, resolve: start } = Promise.withResolvers<PodAddress | undefined>();
  const { holder, address } = await held(() => served);
  using client = await Deno.connect({ hostname: address.ip, port: address.port });
  await client.write(new Uint8Array([1, 2, 3]));
  await client.closeWrite();
  start({ ip: "127.0.0.1", port: (pod.addr as Deno.NetAddr).port });
  assert.deepEqual([...await allOf(client)], [3, 2, 1]);
  await answered;
  holder.close();
});

Deno.test("holder: a client that no pod comes for is cut off, not left to wait", async () => {
  const { holder, address } = await held(() => Promise.resolve(undefined));
  const asking = async () => {
    using client = await Deno.connect({ hostname: address.ip, port: address.port });
    await allOf(client);
  };
  await assert.rejects(asking(), Deno.errors.ConnectionReset);
  holder.close();
});

Deno.test("holder: who is not of the node is cut off, and wakes nothing", async () => {
  const served = () => Promise.reject(new Error("somebody was served"));
  const { holder, address } = await held(served, () => false);
  const asking = async () => {
    using client = await Deno.connect({ hostname: address.ip, port: address.port });
    await allOf(client);
  };
  await assert.rejects(asking(), Deno.errors.ConnectionReset);
  holder.close();
});

Deno.test("holder: the same rule keeps its place", async () => {
  const { holder, address } = await held(() => Promise.resolve(undefined));
  const again = await holder.hold("default/web:", () => Promise.resolve(undefined));
  assert.deepEqual(again, address);
  holder.close();
});

async function held(
  served: () => Promise<PodAddress | undefined>,
  isOfNode: (address: string) => boolean = (address) => address === "127.0.0.1",
) {
  const holder = new HostHolder("127.0.0.1", isOfNode, () => {});
  const address = await holder.hold("default/web:", served);
  assert.ok(address !== undefined);
  return { holder, address };
}

async function allOf(connection: Deno.Conn): Promise<Uint8Array> {
  const buffer = new Uint8Array(64);
  const bytes: number[] = [];
  for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
    bytes.push(...buffer.subarray(0, n));
  }
  return new Uint8Array(bytes);
}
