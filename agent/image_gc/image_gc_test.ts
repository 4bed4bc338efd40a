import assert from "node:assert/strict";
import { FakeClock } from "../../client/fake_clock.ts";
import { MemoryFiles } from "../memory_files.ts";
import { FakeImages } from "./fake_images.ts";
import { ImageKeeper } from "./image_keeper.ts";
import { bytesToFree, fullName, IMAGE_GC_DEFAULTS, shownImages } from "./plan_image_gc.ts";

// deno-fmt-ignore
const MARKS = [
  { name: "below the high mark nothing goes",   capacity: 1000, available: 160, want: 0 },
  { name: "at the high mark, down to the low",  capacity: 1000, available: 150, want: 50 },
  { name: "a full disk",                        capacity: 1000, available: 0,   want: 200 },
  { name: "a disk that does not say its size",  capacity: 0,    available: 0,   want: 0 },
];
for (const { name, capacity, available, want } of MARKS) {
  Deno.test(`image gc: ${name}`, () => {
    const disk = { capacityBytes: capacity, availableBytes: available };
    assert.equal(bytesToFree(disk, IMAGE_GC_DEFAULTS), want);
  });
}

// deno-fmt-ignore
const NAMES = [
  ["nginx",                      "docker.io/library/nginx:latest"],
  ["nginx:1.22",                 "docker.io/library/nginx:1.22"],
  ["docker.io/library/nginx",    "docker.io/library/nginx:latest"],
  ["shop/web@sha256:ab",         "docker.io/shop/web@sha256:ab"],
  ["localhost:5000/web",         "localhost:5000/web:latest"],
  ["registry.example.com/a/b:1", "registry.example.com/a/b:1"],
] as const;
for (const [name, want] of NAMES) {
  Deno.test(`image gc: ${name} is ${want}`, () => assert.equal(fullName(name), want));
}

Deno.test("image gc: the least recently used goes first, over a restart as well", async () => {
  const world = new World(["a:1", "b:1", "c:1"]);
  world.images.used.add("sha256:a:1");
  await world.keeper().look();
  await world.clock.advance(3_600_000);
  world.images.used.delete("sha256:a:1");
  world.images.used.add("sha256:b:1");
  await world.keeper().look();
  await world.clock.advance(3_600_000);
  world.images.used.clear();
  await world.keeper().free(250);
  assert.deepEqual(world.images.removed, ["c:1", "a:1", "b:1"].slice(0, 3));
});

Deno.test("image gc: what a container, a template or the sandbox needs stays", async () => {
  const world = new World(["used:1", "named:1", "pause:1", "free:1"]);
  world.images.used.add("sha256:used:1");
  world.named = ["named:1"];
  const keeper = world.keeper();
  await keeper.refresh();
  await world.clock.advance(IMAGE_GC_DEFAULTS.minAgeMs);
  assert.equal(await keeper.free(1_000), 100);
  assert.deepEqual(world.images.removed, ["free:1"]);
});

Deno.test("image gc: nothing goes when nobody can say what templates name, nor what has just come", async () => {
  const world = new World(["a:1"]);
  const keeper = world.keeper();
  await keeper.refresh();
  assert.equal(await keeper.free(1_000), 0, "it came a moment ago");
  await world.clock.advance(IMAGE_GC_DEFAULTS.minAgeMs);
  world.named = undefined;
  await assert.rejects(keeper.free(1_000), /no answer/);
  assert.deepEqual(world.images.removed, []);
});

Deno.test("image gc: an image that can't be removed is left, and others go in its place", async () => {
  const world = new World(["a:1", "b:1"]);
  world.images.stuck.add("sha256:a:1");
  const keeper = world.keeper();
  await keeper.refresh();
  await world.clock.advance(IMAGE_GC_DEFAULTS.minAgeMs);
  assert.equal(await keeper.free(100), 100);
  assert.deepEqual(world.images.removed, ["b:1"]);
});

Deno.test("image gc: the disk is looked at from time to time, and the node told of its images", async () => {
  const world = new World(["a:1"]);
  const stop = new AbortController();
  const running = world.keeper().run(stop.signal);
  await world.clock.settle();
  assert.equal(world.told, 1);
  world.disk = { capacityBytes: 1000, availableBytes: 100 };
  await world.clock.advance(300_000);
  assert.deepEqual(world.images.removed, ["a:1"]);
  stop.abort();
  await world.clock.settle();
  await running;
});

Deno.test("image gc: an engine that fails is asked again soon, and later each time", async () => {
  const world = new World(["a:1"]);
  world.images.failures = 3;
  const stop = new AbortController();
  const running = world.keeper().run(stop.signal);
  await world.clock.settle();
  assert.equal(world.told, 0);
  await world.clock.advance(6_900);
  assert.equal(world.told, 0);
  await world.clock.advance(200);
  assert.equal(world.told, 1);
  stop.abort();
  await world.clock.settle();
  await running;
});

Deno.test("images: the largest fifty are shown, with names", () => {
  const images = Array.from({ length: 60 }, (_, at) => ({
    id: String(at),
    names: at === 59 ? [] : [`i:${at}`],
    sizeBytes: at,
    createdAt: 0,
  }));
  const shown = shownImages(images);
  assert.deepEqual([shown.length, shown[0]], [50, { names: ["i:58"], sizeBytes: 58 }]);
});

class World {
  readonly clock = new FakeClock();
  readonly files = new MemoryFiles();
  readonly images: FakeImages;
  named: string[] | undefined = [];
  disk = { capacityBytes: 1000, availableBytes: 1000 };
  told = 0;

  constructor(names: readonly string[]) {
    this.images = new FakeImages(names);
  }

  keeper(): ImageKeeper {
    const { clock, files, images } = this;
    return new ImageKeeper({
      ...{ clock, files, images, settings: IMAGE_GC_DEFAULTS },
      memoryFile: "/data/images.json",
      disk: () => Promise.resolve(this.disk),
      namedInCluster: () =>
        this.named === undefined
          ? Promise.reject(new Error("no answer"))
          : Promise.resolve(this.named),
      sandboxImage: "pause:1",
      onChange: () => this.told += 1,
      log: () => {},
    });
  }
}
