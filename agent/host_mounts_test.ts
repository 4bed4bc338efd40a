import assert from "node:assert/strict";
import { KernelMounts, MountError } from "./host_mounts.ts";

// deno-fmt-ignore
const PARTS: readonly { subPath: string; isMade?: boolean; want: string }[] = [
  { subPath: "file",            want: "hello" },
  { subPath: "folder",          want: "folder" },
  { subPath: "folder/inner",    want: "hello" },
  { subPath: "stays/inner",     want: "hello" },
  { subPath: "new/logs",        isMade: true,  want: "folder" },
  { subPath: "stays/new",       isMade: true,  want: "folder" },
  { subPath: "new",             want: "not found" },
  { subPath: "out",             want: "leads out of its volume" },
  { subPath: "out/secret",      want: "leads out of its volume" },
  { subPath: "out/new",         isMade: true,  want: "leads out of its volume" },
  { subPath: "up",              want: "leads out of its volume" },
  { subPath: "../secrets",      isMade: true,  want: "leads out of its volume" },
  { subPath: "loop",            want: "too many" },
  { subPath: "dangling/x",      isMade: true,  want: "" },
];
for (const { subPath, isMade = false, want } of PARTS) {
  Deno.test(`bindPart: ${subPath}${isMade ? ", made if need be" : ""}: ${want || "is refused"}`, async () => {
    await using place = await Volume.make();
    const target = `${place.path}/pod/part`;
    const answer = await place.mounts.bindPart({
      volumePath: place.volume,
      subPath,
      isMade,
      target,
    }).then(() => seen(target), (error: Error) => error.message);
    assert.ok(answer.toLowerCase().includes(want), answer);
    if (want === "hello" || want === "folder") {
      assert.deepEqual(await place.mounts.below(target), [target]);
    } else assert.deepEqual(await place.mounts.below(target), []);
    assert.deepEqual([...Deno.readDirSync(`${place.path}/secrets`)].map(({ name }) => name), [
      "secret",
    ]);
  });
}

Deno.test("bindPart: what was bound stays, though something else is put in its place", async () => {
  await using place = await Volume.make();
  const target = `${place.path}/pod/part`;
  const part = { volumePath: place.volume, subPath: "folder", isMade: true, target };
  await place.mounts.bindPart(part);
  await Deno.rename(`${place.volume}/folder`, `${place.volume}/moved`);
  await Deno.symlink(`${place.path}/secrets`, `${place.volume}/folder`);
  assert.equal(await Deno.readTextFile(`${target}/inner`), "hello");
  await assert.rejects(place.mounts.bindPart(part), MountError);
});

Deno.test("mount: says what was tried and what came of it", async () => {
  await using place = await Volume.make();
  const request = { type: "nosuchfs", source: "x:/y", target: `${place.path}/t`, options: ["ro"] };
  const error = await place.mounts.mount(request).then(() => "", (error: Error) => error.message);
  assert.match(error, /^mount failed: exit status 32\nMounting command: mount\n/);
  assert.ok(error.includes(`Mounting arguments: -t nosuchfs -o ro x:/y ${place.path}/t\nOutput: `));
});

Deno.test("unmountBelow: takes out of the tree what is in use", async () => {
  await using place = await Volume.make();
  const target = `${place.path}/busy`;
  await place.mounts.mount({ type: "tmpfs", source: "tmpfs", target, options: [] });
  using _held = await Deno.open(`${target}/file`, { create: true, write: true });
  await place.mounts.unmountBelow(place.path);
  assert.deepEqual(await place.mounts.below(place.path), []);
});

async function seen(path: string): Promise<string> {
  return (await Deno.stat(path)).isDirectory ? "folder" : await Deno.readTextFile(path);
}

/** A volume with links of all sorts, beside a folder that it must not lead to. */
class Volume implements AsyncDisposable {
  readonly mounts = new KernelMounts();
  private constructor(readonly path: string) {}

  static async make(): Promise<Volume> {
    const made = new Volume(await Deno.makeTempDir());
    const { volume } = made;
    await Deno.mkdir(`${made.path}/secrets`);
    await Deno.writeTextFile(`${made.path}/secrets/secret`, "secret");
    await Deno.mkdir(`${volume}/folder`, { recursive: true });
    await Deno.writeTextFile(`${volume}/file`, "hello");
    await Deno.writeTextFile(`${volume}/folder/inner`, "hello");
    await Deno.symlink(`${made.path}/secrets`, `${volume}/out`);
    await Deno.symlink("..", `${volume}/up`);
    await Deno.symlink("folder", `${volume}/stays`);
    await Deno.symlink("loop", `${volume}/loop`);
    await Deno.symlink(`${made.path}/secrets/new`, `${volume}/dangling`);
    return made;
  }

  get volume(): string {
    return `${this.path}/volume`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mounts.unmountBelow(this.path);
    await Deno.remove(this.path, { recursive: true });
  }
}
