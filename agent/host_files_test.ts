import assert from "node:assert/strict";
import { ConfigurationError } from "./environment.ts";
import { DiskFiles, type FileContent } from "./host_files.ts";
import { containerSpec } from "./pod_fixtures.ts";
import { makeMounts } from "./volumes/pod_volumes.ts";
import { setUpVolumes } from "./volumes/volume_setup.ts";

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

Deno.test("DiskFiles: the same content again changes nothing", async () => {
  await using place = await Place.make();
  const shown = `${place.path}/v`;
  await place.files.writeTogether(shown, contentOf({ "a": "1" }));
  const before = await Deno.readLink(`${shown}/..data`);
  await place.files.writeTogether(shown, contentOf({ "a": "1" }));
  assert.equal(await Deno.readLink(`${shown}/..data`), before);
  await place.files.writeTogether(shown, contentOf({ "a": "1" }, 0o400));
  assert.equal((await Deno.stat(`${shown}/a`)).mode! & 0o777, 0o400);
});

Deno.test("DiskFiles: takes mounts in memory away with the tree", async () => {
  await using place = await Place.make();
  const path = `${place.path}/with space/memory`;
  await place.files.mountMemory(path, 1 << 20);
  await place.files.mountMemory(path, 1 << 20);
  assert.ok((await mounts()).includes("with\\040space/memory"));
  await place.files.removeTree(`${place.path}/with space`);
  assert.ok(!(await mounts()).includes("with\\040space/memory"));
  assert.equal(await place.files.kindOf(path), undefined);
  await place.files.removeTree(`${place.path}/with space`);
});

// deno-fmt-ignore
const HOST_PATHS = [
  { type: "",                  path: "none",   want: "ok" },
  { type: "Directory",         path: "folder", want: "ok" },
  { type: "Directory",         path: "none",   want: "is not a directory" },
  { type: "DirectoryOrCreate", path: "new",    want: "ok" },
  { type: "File",              path: "file",   want: "ok" },
  { type: "File",              path: "folder", want: "is not a file" },
  { type: "FileOrCreate",      path: "fresh",  want: "ok" },
  { type: "Socket",            path: "file",   want: "is not a socket" },
];
for (const { type, path, want } of HOST_PATHS) {
  Deno.test(`hostPath: ${type || "any"} at ${path}: ${want}`, async () => {
    await using place = await Place.make();
    await place.files.makeFolder(`${place.path}/folder`);
    await place.files.writeFile(`${place.path}/file`, { bytes: new Uint8Array(), mode: 0o644 });
    const volume = { is: "host" as const, path: `${place.path}/${path}`, type };
    const answer = await setUpVolumes(place.files, new Map([["v", volume]]))
      .then(() => "ok", (error: ConfigurationError) => error.message);
    assert.ok(answer.endsWith(want), answer);
  });
}

Deno.test("makeMounts: makes a sub-path, and refuses one that a link leads out of its volume", async () => {
  await using place = await Place.make();
  const path = `${place.path}/v`;
  await place.files.makeFolder(path);
  await Deno.symlink("/etc", `${path}/out`);
  const mountOf = (subPath: string) => {
    const container = containerSpec("a", {
      volumeMounts: [{ name: "v", mountPath: "/v", subPath }],
    });
    const volumes = new Map([["v", { is: "folder" as const, path, sizeBytes: 0 }]]);
    return makeMounts(container, { files: place.files, volumes, environment: new Map() });
  };
  const [made] = await mountOf("logs/web");
  assert.equal(await place.files.kindOf(made?.hostPath ?? ""), "folder");
  await assert.rejects(mountOf("out"), ConfigurationError);
  await assert.rejects(mountOf("out/ssl"), ConfigurationError);
});

function contentOf(texts: Record<string, string>, mode = 0o644): Map<string, FileContent> {
  return new Map(
    Object.entries(texts).map(([path, text]) => [
      path,
      { bytes: new TextEncoder().encode(text), mode },
    ]),
  );
}

const mounts = () => Deno.readTextFile("/proc/self/mounts");

/** A folder of its own, gone afterwards. */
class Place implements AsyncDisposable {
  #versions = 0;
  readonly files = new DiskFiles(() => `v${++this.#versions}`);
  private constructor(readonly path: string) {}

  static async make(): Promise<Place> {
    return new Place(await Deno.makeTempDir());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.files.removeTree(this.path);
  }
}
