import assert from "node:assert/strict";
import { DiskFiles, type FileContent } from "./host_files.ts";
import { KernelMounts, MountError } from "./host_mounts.ts";

Deno.test("DiskFiles: shows a new content as one, through links that stay", async () => {
  await using place = await Place.make();
  const shown = `${place.path}/v`;
  await place.files.writeTogether(shown, contentOf({ "a": "1", "sub/b": "2" }));
  const before = await Deno.readLink(`${shown}/..data`);
  assert.equal(await Deno.readTextFile(`${shown}/a`), "1");
  assert.equal(await Deno.readTextFile(`${shown}/sub/b`), "2");
  await place.files.writeTogether(shown, contentOf({ "a": "3", "c": "4" }));
  assert.notEqual(await Deno.readLink(`${shown}/..data`), before);
  assert.equal(await Deno.readTextFile(`${shown}/a`), "3");
  const names = [...Deno.readDirSync(shown)].map(({ name }) => name).filter((n) => n[0] !== ".");
  assert.deepEqual(names.sort(), ["a", "c"]);
  assert.equal(await Deno.readLink(`${shown}/a`), "..data/a");
});

// deno-fmt-ignore
const SAME: readonly { name: string; texts: Record<string, string>; mode?: number; uid?: number; group?: number; want: string }[] = [
  { name: "files",                    texts: { a: "1" },                            want: "644 0 0" },
  { name: "no files",                 texts: {},                                    want: "" },
  { name: "a mode",                   texts: { a: "1" }, mode: 0o400,               want: "400 0 0" },
  { name: "an owner",                 texts: { a: "1" }, mode: 0o600, uid: 1000,    want: "600 1000 0" },
  { name: "a group",                  texts: { a: "1" }, mode: 0o600, group: 2000,  want: "640 0 2000" },
  { name: "a group and an owner",     texts: { a: "1" }, mode: 0o600, uid: 1000, group: 2000, want: "640 1000 2000" },
];
for (const { name, texts, mode, uid, group, want } of SAME) {
  Deno.test(`DiskFiles: ${name} that are there already are left alone`, async () => {
    await using place = await Place.make();
    const shown = `${place.path}/v`;
    const write = () => place.files.writeTogether(shown, contentOf(texts, mode, uid), group);
    await write();
    const before = await Deno.readLink(`${shown}/..data`);
    await write();
    assert.equal(await Deno.readLink(`${shown}/..data`), before);
    if (want === "") return;
    const found = await Deno.stat(`${shown}/a`);
    assert.equal(`${((found.mode ?? 0) & 0o777).toString(8)} ${found.uid} ${found.gid}`, want);
  });
}

Deno.test("DiskFiles: a folder of a group is searched and written to by it, and passes the group on", async () => {
  await using place = await Place.make();
  const path = `${place.path}/shared`;
  await place.files.writeFile(`${path}/sub/file`, { bytes: new Uint8Array(), mode: 0o600 });
  await Deno.writeTextFile(`${place.path}/outside`, "");
  await Deno.symlink(`${place.path}/outside`, `${path}/link`);
  await place.files.giveToGroup(path, { group: 2000, isWritable: true, isRootEnough: false });
  const described = async (name: string) => {
    const { mode, gid } = await Deno.stat(`${place.path}/${name}`);
    return `${((mode ?? 0) & 0o7777).toString(8)} ${gid}`;
  };
  assert.equal(await described("shared"), "2775 2000");
  assert.equal(await described("shared/sub/file"), "660 2000");
  assert.equal(await described("outside"), "644 0");
  await place.files.writeFile(`${path}/later`, { bytes: new Uint8Array(), mode: 0o600 });
  const group = { group: 2000, isWritable: true, isRootEnough: true };
  await place.files.giveToGroup(path, group);
  assert.equal(await described("shared/later"), "600 2000", "the root says that all is done");
  await place.files.giveToGroup(path, { ...group, isRootEnough: false });
  assert.equal(await described("shared/later"), "660 2000");
});

Deno.test("DiskFiles: counts what a tree takes, and not what is mounted in it", async () => {
  await using place = await Place.make();
  await Deno.writeFile(`${place.path}/file`, new Uint8Array(256 << 10));
  await place.mounts.mount(memoryAt(`${place.path}/memory`));
  await Deno.writeFile(`${place.path}/memory/file`, new Uint8Array(1 << 20));
  const used = await place.files.usedBytes(place.path);
  assert.ok(used >= 256 << 10 && used < 512 << 10, `${used} bytes`);
});

Deno.test("removeTree: what is mounted in the tree is never deleted, however it got there", async () => {
  await using outside = await Place.make();
  await using place = await Place.make();
  await Deno.writeTextFile(`${outside.path}/precious`, "mine");
  const pod = `${place.path}/with space/pod`;
  const bind = (target: string) =>
    place.mounts.mount({ source: outside.path, target, options: ["bind"] });
  await bind(`${pod}/volumes/nfs`);
  await bind(`${pod}/volumes/empty/made by a container`);
  await place.mounts.mount(memoryAt(`${pod}/memory`));
  // one on top of the other
  await place.mounts.mount(memoryAt(`${pod}/stacked`));
  await run("mount", "--bind", outside.path, `${pod}/stacked`);
  await Deno.symlink(outside.path, `${pod}/link`);
  await place.files.removeTree(pod);
  assert.deepEqual(await place.mounts.below(place.path), []);
  assert.equal(await place.files.kindOf(pod), undefined);
  assert.equal(await Deno.readTextFile(`${outside.path}/precious`), "mine");
  await place.files.removeTree(pod);
});

Deno.test("removeTree: deletes nothing while something can't be unmounted", async () => {
  await using place = await Place.make();
  const refuse = () => Promise.reject(new MountError("target is busy"));
  const files = new DiskFiles(() => "v", { unmountBelow: refuse });
  await Deno.writeTextFile(`${place.path}/precious`, "mine");
  await assert.rejects(files.removeTree(place.path), MountError);
  assert.equal(await Deno.readTextFile(`${place.path}/precious`), "mine");
});

Deno.test("removeTree: reaches mounts by whatever name the tree goes", async () => {
  await using outside = await Place.make();
  await using place = await Place.make();
  await Deno.writeTextFile(`${outside.path}/precious`, "mine");
  await Deno.mkdir(`${place.path}/disk`);
  await Deno.symlink(`${place.path}/disk`, `${place.path}/data`);
  const target = `${place.path}/disk/pods/u1/volume`;
  await place.mounts.mount({ source: outside.path, target, options: ["bind"] });
  await place.files.removeTree(`${place.path}/data/pods/u1`);
  assert.equal(await Deno.readTextFile(`${outside.path}/precious`), "mine");
  assert.deepEqual(await place.mounts.below(place.path), []);
});

function contentOf(
  texts: Record<string, string>,
  mode = 0o644,
  uid?: number,
): Map<string, FileContent> {
  const owner = uid === undefined ? {} : { uid };
  return new Map(
    Object.entries(texts).map(([path, text]) => [
      path,
      { bytes: new TextEncoder().encode(text), mode, ...owner },
    ]),
  );
}

const memoryAt = (target: string) => ({
  type: "tmpfs",
  source: "tmpfs",
  target,
  options: ["size=2m"],
});

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** A folder of its own, gone afterwards. */
class Place implements AsyncDisposable {
  #versions = 0;
  readonly mounts = new KernelMounts();
  readonly files = new DiskFiles(() => `v${++this.#versions}`, this.mounts);
  private constructor(readonly path: string) {}

  static async make(): Promise<Place> {
    return new Place(await Deno.makeTempDir());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.files.removeTree(this.path);
  }
}
