import assert from "node:assert/strict";
import { hasHostNames, HostNames, removeHostNames } from "./host_names.ts";
import { namesOf } from "./names.ts";
import { commands, missingPieces } from "./pod_world_contract.ts";

const missing = await missingPieces();
if (missing.length > 0) {
  console.log(`host names in the kernel: skipped, this host lacks ${missing.join(", ")}`);
}
const ignore = missing.length > 0;
const STAND_IN = "idle-test-host-names";

/** A shell in a UTS namespace of its own, where it calls the host by the name and becomes another program. */
function begin(name: string, then = "hostname", args: readonly string[] = []): Deno.ChildProcess {
  const script = `hostname ${name}; exec ${then}`;
  const command = ["--uts", ...args, "sh", "-c", script];
  return new Deno.Command("unshare", { args: command, stdout: "piped" }).spawn();
}

async function said(child: Deno.ChildProcess): Promise<string> {
  return new TextDecoder().decode((await child.output()).stdout).trim();
}

Deno.test({
  name: "host names in the kernel: what begins under a stand-in has its own name when it looks",
  ignore,
  async fn(t) {
    await using world = await open("test-host-names");
    const { names } = world;
    const before = Deno.hostname();
    names.give(STAND_IN, "web-0");
    await t.step("a process", async () => assert.equal(await said(begin(STAND_IN)), "web-0"));
    await t.step("the first of a PID namespace", async () => {
      const child = begin(STAND_IN, "hostname", ["--pid", "--fork"]);
      assert.equal(await said(child), "web-0");
    });
    await t.step("many at once", async () => {
      const all = Array.from({ length: 20 }, () => said(begin(STAND_IN)));
      assert.deepEqual(await Promise.all(all), Array(20).fill("web-0"));
    });
    await t.step("a longer name that begins alike is another one", async () => {
      const longer = `${STAND_IN}-and-more-than-the-program-reads`;
      assert.equal(await said(begin(longer)), longer);
    });
    await t.step("another name is nobody's business", async () => {
      names.give("idle-other", "other");
      names.forget("idle-other");
      assert.equal(await said(begin("idle-other")), "idle-other");
    });
    assert.equal(Deno.hostname(), before);
  },
});

Deno.test({
  name:
    "host names in the kernel: what begins while nobody is there waits, and a later process names it",
  ignore,
  async fn() {
    await using world = await open("test-host-late");
    world.names.give(STAND_IN, "late");
    await world.names.close();
    const child = begin(STAND_IN);
    await stopped(child.pid);
    await using later = await open("test-host-late");
    assert.deepEqual([...later.names.known], [[STAND_IN, "late"]]);
    assert.equal(await said(child), "late");
  },
});

Deno.test({
  name: "host names in the kernel: one that was told of and not named is found by a later process",
  ignore,
  async fn() {
    await using world = await open("test-host-lost");
    world.names.give(STAND_IN, "found");
    world.names.name = () => {}; // as if it were killed just then
    const child = begin(STAND_IN);
    await stopped(child.pid);
    await world.names.close();
    await using _later = await open("test-host-lost");
    assert.equal(await said(child), "found");
  },
});

Deno.test({
  name: "host names in the kernel: one that can't be named is ended, and told",
  ignore,
  async fn() {
    await using world = await open("test-host-refused");
    const told = Promise.withResolvers<string>();
    world.names.onFailure((standIn) => told.resolve(standIn));
    world.names.give(STAND_IN, "refused");
    world.refuse();
    const child = begin(STAND_IN);
    assert.equal((await child.status).signal, "SIGKILL");
    await child.stdout.cancel();
    assert.equal(await told.promise, STAND_IN);
  },
});

Deno.test({
  name: "host names in the kernel: nothing is stopped once they are removed",
  ignore,
  async fn() {
    const names = namesOf("test-host-gone");
    {
      await using world = await open(names.cluster);
      world.names.give(STAND_IN, "gone");
      assert.equal(await hasHostNames(names), true);
    }
    assert.equal(await hasHostNames(names), false);
    assert.equal(await said(begin(STAND_IN)), STAND_IN);
  },
});

async function open(cluster: string) {
  const of = namesOf(cluster);
  const names = await HostNames.open({ names: of, commands, log: () => {} });
  const { lib } = names.object;
  const { libc } = lib;
  return {
    names,
    /** From here on the kernel sets no name. */
    refuse: () => void Object.assign(lib, { libc: { ...libc, sethostname: () => -1 } }),
    async [Symbol.asyncDispose]() {
      Object.assign(lib, { libc });
      await names.close();
      await removeHostNames(of);
      await Deno.remove(of.pins, { recursive: true }).catch(() => {});
    },
  };
}

/** A signal has stopped it. */
async function stopped(pid: number): Promise<void> {
  for (;;) {
    const text = await Deno.readTextFile(`/proc/${pid}/stat`);
    if (text.slice(text.lastIndexOf(")") + 2)[0] === "T") return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
