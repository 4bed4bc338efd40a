import assert from "node:assert/strict";
import { type Master, startMaster } from "../fixtures/master.ts";

const CREATES = 1_000;
const CLIENTS = 16;
const KILL_AFTER = 400;

interface Named {
  metadata: { name: string; uid: string };
}

Deno.test("kill -9 of the master loses no acknowledged object and doubles none", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "wherry-test-" });
  try {
    const first = await startMaster({ dataDir });
    const acknowledged = await createUntilKilled(first);
    const second = await startMaster({ dataDir });
    try {
      const stored = await names(second);
      assert.equal(new Set(stored).size, stored.length, "an object is there twice");
      assert.deepEqual(acknowledged.filter((name) => !stored.includes(name)), []);
      assert.ok(acknowledged.length >= KILL_AFTER, `${acknowledged.length} were acknowledged`);
      await createRest(second, new Set(stored));
      assert.equal((await names(second)).length, CREATES);
    } finally {
      await second.stop();
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

/** Creates objects over several connections, kills the master in the middle, @returns what was acknowledged. */
async function createUntilKilled(master: Master): Promise<string[]> {
  const acknowledged: string[] = [];
  let next = 0;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    while (next < CREATES) {
      const name = `object-${next++}`;
      const status = await create(master, name).catch(() => "gone" as const);
      if (status === "gone") return;
      assert.equal(status, 201);
      acknowledged.push(name);
      if (acknowledged.length === KILL_AFTER) await master.kill();
    }
  }));
  return acknowledged;
}

async function createRest(master: Master, stored: ReadonlySet<string>): Promise<void> {
  const all = Array.from({ length: CREATES }, (_, i) => `object-${i}`);
  for (const name of all) {
    assert.equal(await create(master, name), stored.has(name) ? 409 : 201);
  }
}

async function create(master: Master, name: string): Promise<number> {
  const body = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
  const response = await master.fetch("/api/v1/namespaces/default/configmaps", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  await response.arrayBuffer(); // a cancelled stream is a reset, and the server takes only so many
  return response.status;
}

async function names(master: Master): Promise<string[]> {
  const response = await master.fetch("/api/v1/namespaces/default/configmaps");
  const { items } = await response.json() as { items: Named[] };
  return items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith("object-"));
}
