import assert from "node:assert/strict";
import { borrowSysctl, type Places, returnBorrowed } from "./host_borrowed.ts";
import { exists } from "./host_files.ts";

const NAME = "net.ipv4.ip_forward";

async function scene(before: string) {
  const folder = await Deno.makeTempDir({ prefix: "borrowed-" });
  const places: Places = { records: `${folder}/run/1`, sysctls: `${folder}/sys` };
  const path = `${folder}/sys/net/ipv4/ip_forward`;
  await Deno.mkdir(`${folder}/sys/net/ipv4`, { recursive: true });
  await Deno.writeTextFile(path, `${before}\n`);
  return {
    places,
    value: async () => (await Deno.readTextFile(path)).trim(),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("borrowed: the last cluster that needs a setting puts it back", async () => {
  await using host = await scene("0");
  for (const cluster of ["a", "b", "a"]) await borrowSysctl(cluster, NAME, "1", host.places);
  assert.equal(await host.value(), "1");
  assert.deepEqual(await returnBorrowed("a", host.places), []);
  assert.equal(await host.value(), "1");
  assert.deepEqual(await returnBorrowed("b", host.places), [NAME]);
  assert.equal(await host.value(), "0");
  assert.equal(await exists(host.places.records), false);
});

Deno.test("borrowed: what the host chose by itself stays its choice", async () => {
  await using host = await scene("1");
  await borrowSysctl("a", NAME, "1", host.places);
  assert.equal(await exists(host.places.records), false);
  assert.deepEqual(await returnBorrowed("a", host.places), []);
  assert.equal(await host.value(), "1");
});
