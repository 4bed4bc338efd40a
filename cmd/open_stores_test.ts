import assert from "node:assert/strict";
import { hasEtcd, startEtcd } from "../tests/fixtures/etcd.ts";
import { parseCommand } from "./flags.ts";
import { openStores } from "./open_stores.ts";
import { pathsOf } from "./paths.ts";
import { ensurePki } from "./pki.ts";

const HOST = { hostname: "n", address: "127.0.0.1", dockerHost: undefined };

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wherry-stores-" });
  await run(folder).finally(() => Deno.remove(folder, { recursive: true }));
}

function open(...flags: string[]) {
  const { settings } = parseCommand(["master", ...flags], HOST);
  return openStores(settings, pathsOf(settings.dataDir), () => {});
}

const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } };

Deno.test("stores: without a flag they are a file of this master's own", () =>
  inFolder(async (folder) => {
    const stores = await open(`--data-dir=${folder}`);
    assert.equal(stores.isShared, false);
    await stores.store.commit(() => [{ key: "configmaps/x/a", object: configMap }]);
    await stores.close();
    const again = await open(`--store=${folder}/store.db`);
    assert.equal(again.store.revision, 1);
    await again.close();
  }));

Deno.test("stores: a key file that can't be read is named", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/keys`, "k1 short\n");
    const flags = [`--data-dir=${folder}`, `--encryption-key-file=${folder}/keys`];
    await assert.rejects(() => open(...flags), {
      message: `Cannot read the keys in ${folder}/keys: line 1 has no key of 32 bytes in base64`,
    });
  }));

Deno.test({
  name: "stores: etcd is reached with a certificate, and both stores are shared",
  ignore: !hasEtcd,
  fn: () =>
    inFolder(async (folder) => {
      const names = { clusterName: "t", nodeName: "n", nodeAddresses: ["127.0.0.1"] };
      await ensurePki(folder, { ...names, apiServiceAddress: "10.96.0.1" }, Date.now());
      const file = (name: string) => `${folder}/${name}`;
      const ca = file("ca.crt");
      const etcd = await startEtcd(1, {
        cert: file("apiserver.crt"),
        key: file("apiserver.key"),
        ca,
      });
      const flags = [`--store=etcd:${etcd.endpoints.join()}`, `--etcd-cafile=${ca}`];
      flags.push(`--etcd-certfile=${file("admin.crt")}`, `--etcd-keyfile=${file("admin.key")}`);
      const [mine, theirs] = [await open(...flags), await open(...flags)];
      assert.equal(mine.isShared, true);
      for (const kind of ["store", "volatileStore"] as const) {
        await mine[kind].commit(() => [{ key: "configmaps/x/a", object: configMap }]);
        await theirs[kind].catchUp();
        assert.equal(theirs[kind].get("configmaps/x/a")?.revision, 1);
      }
      await Promise.all([mine.close(), theirs.close()]);
      await etcd.stop();
    }),
});
