import assert from "node:assert/strict";
import { MemoryFiles } from "../memory_files.ts";
import { FenceMemory } from "./fence_memory.ts";
import type { FencedPod } from "./fenced_pod.ts";

const WEB: FencedPod = { uid: "u1", name: "web", toleratedSeconds: 300, graceSeconds: 30 };
const DAEMON: FencedPod = { ...WEB, uid: "u2", name: "daemon", toleratedSeconds: Infinity };

Deno.test("fence memory: a new agent reads what the one before it has kept", async () => {
  const world = new World();
  world.memory.heard(5_000, 10_000);
  world.memory.see([WEB, DAEMON]);
  await world.memory.settled();
  await world.written();
  assert.deepEqual(await world.reopened().recall(), {
    heardAt: 5_000,
    leaseMs: 10_000,
    pods: [WEB, DAEMON],
  });
});

Deno.test("fence memory: a node that never reached the API remembers nothing", async () => {
  const world = new World();
  world.memory.see([WEB]);
  await world.memory.settled();
  assert.equal(await world.reopened().recall(), undefined);
});

// deno-fmt-ignore
const BROKEN = [
  { name: "half a list",            heard: "5000\n", pods: '[{"uid":"u1"' },
  { name: "a pod without a name",   heard: "5000\n", pods: '[{"uid":"u1","toleratedSeconds":1,"graceSeconds":1}]' },
  { name: "another thing",          heard: "5000\n", pods: "7" },
  { name: "a time that is none",    heard: "then",   pods: "[]" },
  { name: "a lease that is none",   heard: "5000 x", pods: "[]" },
];
for (const { name, heard, pods } of BROKEN) {
  Deno.test(`fence memory: ${name} is as good as nothing, and told`, async () => {
    const world = new World();
    world.lay("heard", heard);
    world.lay("pods.json", pods);
    assert.equal(await world.memory.recall(), undefined);
    assert.equal(world.told.length, 1);
  });
}

Deno.test("fence memory: what an older agent wrote holds for the shortest lease", async () => {
  const world = new World();
  world.lay("heard", "5000\n");
  assert.deepEqual(await world.memory.recall(), { heardAt: 5_000, leaseMs: 10_000, pods: [] });
});

Deno.test("fence memory: a lease of another length is written at once, and after what is being written", async () => {
  const world = new World();
  for (const leaseMs of [10_000, 57_000, 10_000]) world.memory.heard(5_000, leaseMs);
  await world.written();
  assert.equal((await world.reopened().recall())?.leaseMs, 10_000);
});

Deno.test("fence memory: the same is not written again, and the time once a second", async () => {
  const world = new World();
  for (const at of [10_000, 10_020, 10_999, 11_000]) {
    world.memory.heard(at, 10_000);
    await world.written();
  }
  for (let i = 0; i < 3; i += 1) {
    world.memory.see([WEB]);
    await world.memory.settled();
  }
  await world.written();
  assert.deepEqual(world.files.moves.sort(), ["heard", "heard", "pods.json"]);
});

Deno.test("fence memory: who waits, waits for what was seen before, and for no more", async () => {
  const world = new World();
  let isOpen = false;
  world.files.gate = Promise.withResolvers<void>();
  world.memory.see([WEB]);
  const first = world.memory.settled().then(() => isOpen = true);
  await world.written();
  world.memory.see([WEB, DAEMON]);
  const second = world.memory.settled();
  assert.equal(isOpen, false);
  const gate = world.files.gate;
  world.files.gate = Promise.withResolvers<void>();
  gate.resolve();
  await first;
  world.files.gate.resolve();
  await second;
  world.memory.heard(5_000, 10_000);
  await world.written();
  assert.equal((await world.reopened().recall())?.pods.length, 2);
});

Deno.test("fence memory: a disk that fails holds up no pod, and is tried again", async () => {
  const world = new World();
  world.files.fails = true;
  world.memory.see([WEB]);
  await world.memory.settled();
  assert.equal(world.told.length, 1);
  world.files.fails = false;
  world.memory.heard(5_000, 10_000);
  world.memory.see([WEB]);
  await world.memory.settled();
  await world.written();
  assert.equal((await world.reopened().recall())?.pods.length, 1);
});

class GatedFiles extends MemoryFiles {
  /** Names of what was put in its place. */
  readonly moves: string[] = [];
  gate: PromiseWithResolvers<void> | undefined;
  fails = false;

  override async move(from: string, to: string): Promise<void> {
    if (this.fails) throw new Error("no space left");
    await this.gate?.promise;
    this.moves.push(to.split("/").at(-1) ?? "");
    await super.move(from, to);
  }
}

class World {
  readonly files = new GatedFiles();
  readonly told: string[] = [];
  readonly memory = this.reopened();

  reopened(): FenceMemory {
    const { files, told } = this;
    return new FenceMemory({ files, folder: "/data/fence", log: (text) => void told.push(text) });
  }

  lay(name: string, text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.files.files.set(`/data/fence/${name}`, { bytes, mode: 0o600 });
  }

  /** What is under way has come as far as it can. */
  async written(): Promise<void> {
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
  }
}
