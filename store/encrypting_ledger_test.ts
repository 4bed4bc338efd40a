import assert from "node:assert/strict";
import { EncryptingLedger } from "./encrypting_ledger.ts";
import { openKvLedger } from "./kv_ledger.ts";
import { allOf, type Medium, testLedger } from "./ledger_contract.ts";
import { MemoryLedger, MemoryMedium } from "./memory_ledger.ts";
import { type EncryptionKey, parseEncryptionKeys, Sealer } from "./sealing.ts";
import { openOn, pod, testStore } from "./store_contract.ts";

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const keyNamed = (name: string): EncryptionKey => ({ name, bytes: randomBytes(32) });
const [first, second] = [keyNamed("first"), keyNamed("second")];

class Everything extends EncryptingLedger {
  constructor(medium: MemoryMedium) {
    super(new MemoryLedger(medium), new Sealer([first], randomBytes), [""]);
  }
}

testLedger("EncryptingLedger", () => {
  const medium = new MemoryMedium();
  return Promise.resolve({
    open: () => Promise.resolve(new Everything(medium)),
    remove: () => Promise.resolve(),
  });
});

testStore("EncryptingLedger", () => {
  const medium = new MemoryMedium();
  return Promise.resolve({
    open: () => Promise.resolve(new Everything(medium)),
    remove: () => Promise.resolve(),
  });
});

async function encryptedFile(): Promise<
  Medium & { folder: string; with(...keys: EncryptionKey[]): Medium }
> {
  const folder = await Deno.makeTempDir({ prefix: "wherry-sealed-" });
  const remove = () => Deno.remove(folder, { recursive: true });
  const openWith = async (keys: EncryptionKey[]) =>
    new EncryptingLedger(
      await openKvLedger(`${folder}/store.db`),
      new Sealer(keys, randomBytes),
      ["secrets/"],
    );
  const medium = (...keys: EncryptionKey[]) => ({ open: () => openWith(keys), remove });
  return { ...medium(first), folder, with: medium };
}

const secretOf = (text: string) => ({
  key: "secrets/default/password",
  object: { ...pod("password"), data: { password: text } },
});

/** Of all files beside the database as well: what lies in its log is on the disk too. */
async function isOnDisk(folder: string, text: string): Promise<boolean> {
  const { success } = await new Deno.Command("grep", { args: ["-raq", text, folder] }).output();
  return success;
}

Deno.test("secrets: nothing of them is on the disk, in the present or the past", async () => {
  const { folder, remove, ...medium } = await encryptedFile();
  const store = await openOn(medium);
  for (const text of ["plainly-one", "plainly-two"]) await store.commit(() => [secretOf(text)]);
  await store.commit(() => [{ ...secretOf(`large-${"plainly-three".repeat(20_000)}`) }]);
  await store.commit(() => [{ key: "configmaps/default/a", object: pod("seen-by-all") }]);
  await store.commit(() => [{ key: "secrets/default/password", object: undefined }]);
  await store.close();
  assert.equal(await isOnDisk(folder, "seen-by-all"), true);
  assert.equal(await isOnDisk(folder, "plainly"), false);
  const again = await openOn(medium);
  const past = again.listAt("secrets/", 2)[0]?.object as unknown as { data: unknown };
  assert.deepEqual(past.data, { password: "plainly-two" });
  await again.close();
  await remove();
});

Deno.test("secrets: keys rotate; one that is missing is named", async () => {
  const { remove, with: using } = await encryptedFile();
  const write = async (medium: Medium, text: string) => {
    const store = await openOn(medium);
    await store.commit(() => [secretOf(text)]);
    await store.close();
  };
  await write(using(), "before there were keys");
  await write(using(first), "one");
  await write(using(second, first), "two");
  const store = await openOn(using(second, first));
  assert.deepEqual(store.listAt("", 1).length, 1);
  assert.deepEqual((store.get("secrets/default/password")?.object as { data?: unknown }).data, {
    password: "two",
  });
  await store.close();
  const missing = "Cannot read secrets/default/password at 3: there is no encryption key second";
  const ledger = await using(first).open();
  await assert.rejects(async () => await allOf((await ledger.load()).present), {
    message: missing,
  });
  await ledger.close();
  await remove();
});

Deno.test("secrets: what was moved or changed in the medium is refused", () => {
  const sealer = new Sealer([first], randomBytes);
  const bytes = new TextEncoder().encode('{"a":1}');
  const sealed = sealer.seal("secrets/a/b", 7, bytes);
  assert.deepEqual(sealer.open("secrets/a/b", 7, sealed), bytes);
  assert.throws(() => sealer.open("secrets/a/c", 7, sealed), /does not open it/);
  assert.throws(() => sealer.open("secrets/a/b", 8, sealed), /does not open it/);
  sealed[sealed.length - 1]! ^= 1;
  assert.throws(() => sealer.open("secrets/a/b", 7, sealed), /does not open it/);
  const other = new Sealer([{ ...keyNamed("first") }], randomBytes);
  assert.throws(() => other.open("secrets/a/b", 7, sealer.seal("secrets/a/b", 7, bytes)), /first/);
});

const base64 = first.bytes.toBase64();
const FILES: { name: string; text: string; want: string[] | RegExp }[] = [
  { name: "one key", text: `k1 ${base64}\n`, want: ["k1"] },
  { name: "several", text: `# new\nk2 ${base64}\n\nk1\t${base64}`, want: ["k2", "k1"] },
  { name: "none", text: "# nothing\n", want: /^Error: it has no keys$/ },
  { name: "a key too short", text: "k1 QUJD", want: /^Error: line 1 has no key of 32 bytes/ },
  { name: "no name", text: base64, want: /^Error: line 1 is not "name base64"$/ },
  {
    name: "a name twice",
    text: `a ${base64}\na ${base64}`,
    want: /^Error: line 2 has the name a,/,
  },
];

for (const { name, text, want } of FILES) {
  Deno.test(`key file with ${name}`, () => {
    if (want instanceof RegExp) return assert.throws(() => parseEncryptionKeys(text), want);
    assert.deepEqual(parseEncryptionKeys(text).map((key) => key.name), want);
  });
}
