import assert from "node:assert/strict";
import { type Etcd, hasEtcd, startEtcd } from "../tests/fixtures/etcd.ts";
import { openKvLedger } from "./kv_ledger.ts";
import { allIn, type Medium, testLedger } from "./ledger_contract.ts";
import { deleting, openOn, putting, testStore } from "./store_contract.ts";

/** One etcd for all tests of this file: each has a prefix of its own. It ends with the process. */
let shared: Promise<Etcd> | undefined;
let prefixes = 0;

async function onEtcd(): Promise<Medium> {
  const etcd = await (shared ??= startEtcd());
  const prefix = `/test-${prefixes++}/`;
  return { open: () => etcd.open(prefix), remove: () => Promise.resolve() };
}

if (hasEtcd) {
  testLedger("EtcdLedger", onEtcd);
  testStore("EtcdLedger", onEtcd);
  Deno.test("export, import: Deno KV, etcd, Deno KV hold the same at the same revisions", async () => {
    const folder = await Deno.makeTempDir({ prefix: "wherry-export-" });
    const file = (name: string): Medium => ({
      open: () => openKvLedger(`${folder}/${name}.db`),
      remove: () => Promise.resolve(),
    });
    const media = [file("from"), await onEtcd(), file("to")];
    const store = await openOn(media[0]!, { events: 150 });
    for (let n = 0; n < 40; n += 1) {
      const pad = "x".repeat(n % 10 === 3 ? 200_000 : 200);
      await store.commit(() =>
        Array.from({ length: 10 }, (_, at) => putting(`p${at}`, { n: `${n}`, pad }))
      );
      if (n % 7 === 0) await store.commit(() => [deleting(`p${n % 10}`)]);
    }
    await store.close();
    for (const [at, medium] of media.slice(1).entries()) {
      const [from, to] = [await media[at]!.open(), await medium.open()];
      await to.fill(await from.load());
      await Promise.all([from.close(), to.close()]);
      assert.deepEqual(await allIn(medium), await allIn(media[0]!));
    }
    const again = await openOn(media[2]!);
    assert.equal(again.revision, 406);
    await again.commit(() => [putting("later")]);
    await again.close();
    await Deno.remove(folder, { recursive: true });
  });
} else Deno.test.ignore("EtcdLedger: there is no etcd", () => {});
Deno.test.afterAll(async () => await (await shared)?.stop());
