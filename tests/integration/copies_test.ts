import assert from "node:assert/strict";
import { hasEtcd, startEtcd } from "../fixtures/etcd.ts";
import { type Master, startMaster } from "../fixtures/master.ts";

const NAMESPACE = "/api/v1/namespaces/default";

async function wherry(...args: string[]): Promise<{ code: number; said: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "cmd/wherry.ts", ...args],
  }).output();
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

async function create(master: Master, kind: "ConfigMap" | "Secret", name: string, text: string) {
  const path = kind === "Secret" ? "secrets" : "configmaps";
  const data = { text: btoa(text) };
  const response = await master.fetch(`${NAMESPACE}/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ apiVersion: "v1", kind, metadata: { name }, data }),
  });
  await response.arrayBuffer();
  assert.equal(response.status, 201);
}

/** What we made, with its revisions. */
async function made(master: Master): Promise<string[]> {
  const lists = await Promise.all(["configmaps", "secrets"].map(async (resource) => {
    const response = await master.fetch(`${NAMESPACE}/${resource}`);
    const { items } = await response.json() as {
      items: { metadata: { name: string; resourceVersion: string }; data?: unknown }[];
    };
    return items.filter(({ metadata }) => metadata.name.startsWith("it-"));
  }));
  return lists.flat().map(({ metadata: { name, resourceVersion }, data }) =>
    `${name} ${resourceVersion} ${JSON.stringify(data)}`
  );
}

const isOnDisk = async (path: string, text: string) =>
  (await new Deno.Command("grep", { args: ["-raq", text, path] }).output()).success;

Deno.test("snapshot: a consistent copy made while the master serves, and a master starts with it", async () => {
  const folder = await Deno.makeTempDir({ prefix: "wherry-copies-" });
  const keys = `${folder}/keys`;
  await Deno.writeTextFile(keys, `k1 ${crypto.getRandomValues(new Uint8Array(32)).toBase64()}\n`);
  const flags = [`--encryption-key-file=${keys}`];
  const first = await startMaster({ flags });
  await create(first, "Secret", "it-secret", "a plain secret");
  for (let n = 0; n < 50; n += 1) await create(first, "ConfigMap", `it-${n}`, "x".repeat(500));
  const before = await made(first);
  let isOver = false;
  const writing = (async () => {
    for (let n = 0; !isOver; n += 1) await create(first, "ConfigMap", `later-${n}`, "y");
  })();
  const copy = [`--data-dir=${first.dataDir}`, `--file=${folder}/copy.db`];
  const refused = await wherry("snapshot", ...copy);
  assert.match(refused.said, /say the same --encryption-key-file here/);
  const { code, said } = await wherry("snapshot", ...copy, ...flags);
  isOver = true;
  await writing;
  assert.equal(code, 0, said);
  await first.stop();
  assert.equal(await isOnDisk(folder, btoa("a plain secret")), false);
  const second = await startMaster({ flags: [...flags, `--store=${folder}/copy.db`] });
  assert.deepEqual(await made(second), before);
  await second.stop();
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name: "export and import: from the file to etcd and back, at the same revisions",
  ignore: !hasEtcd,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "wherry-copies-" });
    const etcd = await startEtcd();
    const inEtcd = `--store=etcd:${etcd.endpoints.join()}`;
    const inFile = `--store=${folder}/back.db`;
    const dataDir = `--data-dir=${folder}/data`;
    const first = await startMaster();
    for (const kind of ["Secret", "ConfigMap"] as const) await create(first, kind, "it-1", "one");
    const before = await made(first);
    const name = "--cluster-name=test";
    const run = async (...args: string[]) => {
      const { code, said } = await wherry(...args, name);
      assert.equal(code, 0, said);
    };
    await run("export", `--data-dir=${first.dataDir}`, `--file=${folder}/1.txt`);
    await first.stop();
    await run("import", dataDir, inEtcd, `--file=${folder}/1.txt`);
    const again = await wherry("import", dataDir, inEtcd, `--file=${folder}/1.txt`, name);
    assert.match(again.said, /Cannot fill a ledger that is not empty/);
    await run("export", dataDir, inEtcd, `--file=${folder}/2.txt`);
    const [one, two] = [await Deno.readTextFile(`${folder}/1.txt`), "2.txt"];
    const sorted = (text: string) => text.split("\n").sort();
    assert.deepEqual(sorted(await Deno.readTextFile(`${folder}/${two}`)), sorted(one));
    const second = await startMaster({ flags: [inEtcd] });
    assert.deepEqual(await made(second), before);
    await second.stop();
    await run("import", dataDir, inFile, `--file=${folder}/2.txt`);
    const third = await startMaster({ flags: [inFile] });
    assert.deepEqual(await made(third), before);
    await third.stop();
    await etcd.stop();
    await Deno.remove(folder, { recursive: true });
  },
});
