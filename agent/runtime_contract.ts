import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { FakeProgram } from "./fake_runtime.ts";
import {
  type ContainerConfig,
  type ExecChunk,
  failedFor,
  type Runtime,
  type RuntimeEvent,
  type SandboxConfig,
} from "./runtime.ts";
import { containerWith, sandboxWith } from "./runtime_fixtures.ts";

/** So many containers end while somebody attaches. */
const SHORT_LIVES = 5;

const POLITE = ["sh", "-c", "trap 'exit 143' TERM; echo up; while :; do sleep 0.1; done"];
const STUBBORN = ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"];
const FAILING = ["sh", "-c", "echo one; echo two; exit 3"];
const MISSING = ["/no/such/program"];
const ECHO = ["sh", "-c", "cat; exit 7"];
const ANSWERS = ["sh", "-c", "read word; sleep 1; echo got $word; sleep 3600"];
const QUICK = ["sh", "-c", "exit 0"];

/** Commands of the contract, for a shell, with what they do, for a fake. */
export const PROGRAMS: readonly { readonly command: readonly string[]; does: FakeProgram }[] = [
  { command: POLITE, does: { prints: "up\n" } },
  { command: STUBBORN, does: { prints: "up\n", ignoresTerm: true } },
  { command: FAILING, does: { prints: "one\ntwo\n", exits: 3 } },
  { command: MISSING, does: { fails: "no such file" } },
  { command: ECHO, does: { echoes: true, exits: 7 } },
  { command: ANSWERS, does: { prints: "got hello\n" } },
  { command: QUICK, does: { exits: 0 } },
];

export interface RuntimeUnderTest {
  /** The runtime, as another process of the agent would open it. */
  open(): Runtime;
  /** Has a shell. */
  readonly image: string;
  /** Makes names that no other run uses. */
  uid(): string;
}

/** What every Runtime does. */
export function testRuntime(name: string, subject: () => Promise<RuntimeUnderTest>): void {
  const test = (what: string, body: (world: World) => Promise<void>) =>
    Deno.test(`${name}: ${what}`, async () => {
      const world = new World(await subject());
      try {
        await body(world);
      } finally {
        await world.clear();
      }
    });

  test("starts a sandbox and a container in it, and tells so", async (world) => {
    const events = world.followEvents();
    await events.ready;
    const sandboxId = await world.runtime.createSandbox(world.sandbox());
    const id = await world.runtime.createContainer(world.container({ sandboxId, args: POLITE }));
    const sandbox = await world.runtime.start(sandboxId);
    assert.ok(sandbox.pid > 0);
    const container = await world.runtime.start(id);
    assert.equal(container.state, "running");
    assert.equal(container.sandboxId, sandboxId);
    assert.ok(container.startedAt > 0 && container.imageId !== "");
    const started = await events.until((event) => event.containerId === id);
    assert.equal(started.container?.state, "running");
    assert.equal(started.podUid, world.pod.uid);
  });

  test("remembers in the engine what a later process asks for", async (world) => {
    const sandboxId = await world.startSandbox();
    await world.start({ sandboxId, attempt: 4, backOffSeconds: 80, specHash: "h", isInit: true });
    const found = (await world.reopen().listContainers()).find(({ name }) => name === "a");
    const { attempt, backOffSeconds, specHash, isInit, pod, graceSeconds } = found ?? {};
    assert.deepEqual(
      { attempt, backOffSeconds, specHash, isInit, pod, graceSeconds },
      {
        attempt: 4,
        backOffSeconds: 80,
        specHash: "h",
        isInit: true,
        pod: world.pod,
        graceSeconds: 7,
      },
    );
  });

  test("makes a sandbox ahead, which is nobody's until a pod has claimed it", async (world) => {
    const events = world.followEvents();
    await events.ready;
    const idle = await world.runtime.startIdle(world.standIn());
    const isOurs = ({ id }: { id: string }) => id === idle.id;
    assert.equal((await world.reopen().listIdle()).find(isOurs)?.isRunning, true);
    assert.ok(!(await world.reopen().listContainers()).some(isOurs));
    const claimed = await world.runtime.claim(idle.id, world.pod, 2);
    const { pod, attempt, state, standIn, name } = claimed;
    const want = {
      pod: world.pod,
      attempt: 2,
      state: "running",
      standIn: idle.standIn,
      name: "POD",
    };
    assert.deepEqual({ pod, attempt, state, standIn, name }, want);
    assert.deepEqual((await world.reopen().listContainers()).find(isOurs), claimed);
    assert.ok(!(await world.reopen().listIdle()).some(isOurs));
    assert.equal((await world.start({ sandboxId: idle.id })).state, "running");
    await world.runtime.stop(idle.id, 0);
    const died = await events.until(({ containerId, container }) =>
      containerId === idle.id && container?.state === "exited"
    );
    assert.equal(died.podUid, world.pod.uid);
    await world.runtime.remove(idle.id);
    const gone = await events.until(({ containerId, container }) =>
      containerId === idle.id && container === undefined
    );
    assert.equal(gone.podUid, world.pod.uid);
  });

  test("tells of a sandbox that ends before anybody claims it", async (world) => {
    const events = world.followEvents();
    await events.ready;
    const idle = await world.runtime.startIdle(world.standIn());
    await world.runtime.stop(idle.id, 0);
    const lost = await events.until(({ containerId }) => containerId === idle.id);
    assert.deepEqual([lost.podUid, lost.container], ["", undefined]);
    const left = (await world.runtime.listIdle()).find(({ id }) => id === idle.id);
    assert.equal(left?.isRunning, false);
    await world.runtime.remove(idle.id);
    assert.ok(!(await world.runtime.listIdle()).some(({ id }) => id === idle.id));
    await assert.rejects(
      world.runtime.claim(idle.id, world.pod, 0),
      (error) => failedFor(error, "NoSuchContainer"),
    );
  });

  test("reports how a container ended, and keeps what it printed", async (world) => {
    const events = world.followEvents();
    await events.ready;
    const { id } = await world.start({ args: FAILING });
    const died = await events.until((one) =>
      one.container?.state === "exited" && one.containerId === id
    );
    assert.equal(died.container?.exitCode, 3);
    assert.ok((died.container?.finishedAt ?? 0) >= (died.container?.startedAt ?? Infinity));
    assert.equal(await world.logsOf(id), "one\ntwo\n");
    assert.equal(await world.logsOf(id, 1), "two\n");
  });

  test("follows a log to the container's end, and lets go of it when asked to", async (world) => {
    const options = { follow: true, timestamps: false };
    const sandboxId = await world.startSandbox();
    const { id } = await world.start({ sandboxId, args: POLITE });
    const followed = textOf(world.runtime.logs(id, options, new AbortController().signal));
    await world.printed(id);
    await world.runtime.stop(id, 30);
    assert.equal(await followed, "up\n");
    const other = await world.start({ sandboxId, name: "b", args: POLITE });
    const leaving = new AbortController();
    for await (const _ of world.runtime.logs(other.id, options, leaving.signal)) leaving.abort();
  });

  test("says who an image runs as", async (world) => {
    assert.equal(await world.runtime.imageUser(world.container({}).image), "");
    await assert.rejects(
      world.runtime.imageUser("wherry-test/none:1"),
      (error) => failedFor(error, "NoSuchImage"),
    );
  });

  test("stops with a signal, and kills what does not heed it", async (world) => {
    const sandboxId = await world.startSandbox();
    const polite = await world.start({ sandboxId, name: "polite", args: POLITE });
    await world.printed(polite.id);
    assert.equal((await world.runtime.stop(polite.id, 30))?.exitCode, 143);
    const stubborn = await world.start({ sandboxId, name: "stubborn", args: STUBBORN });
    // Before its first word it may still be the engine's own program, which heeds the signal.
    await world.printed(stubborn.id);
    assert.equal((await world.runtime.stop(stubborn.id, 0))?.exitCode, 137);
    assert.equal((await world.runtime.stop(stubborn.id, 0))?.state, "exited");
  });

  test("takes a missing container for stopped and removed", async (world) => {
    assert.equal(await world.runtime.stop("0".repeat(64), 1), undefined);
    await world.runtime.remove("0".repeat(64));
  });

  test("names what it lacks", async (world) => {
    const sandboxId = await world.startSandbox();
    const image = "wherry-test/none:1";
    await assert.rejects(
      world.runtime.createContainer(world.container({ sandboxId, image })),
      (error) => failedFor(error, "NoSuchImage"),
    );
    await assert.rejects(
      world.runtime.start("0".repeat(64)),
      (error) => failedFor(error, "NoSuchContainer"),
    );
    await world.start({ sandboxId });
    await assert.rejects(
      world.runtime.createContainer(world.container({ sandboxId })),
      (error) => failedFor(error, "NameTaken"),
    );
  });

  test("says why a container can't be started, and keeps it", async (world) => {
    const container = await world.start({ args: MISSING });
    assert.equal(container.state, "created");
    assert.match(container.error, /no such file/);
    assert.notEqual(container.exitCode, 0);
  });

  test("runs a command with input, its end and an exit code", async (world) => {
    const { id } = await world.start({ args: POLITE });
    const session = await world.runtime.exec(id, { command: ECHO, hasStdin: true, isTty: false });
    await session.write(Buffer.from("through\n"));
    session.closeInput();
    assert.equal(await textOf(session.output), "through\n");
    assert.equal(await session.exitCode(), 7);
    const quick = await world.runtime.exec(id, { command: QUICK, hasStdin: false, isTty: false });
    assert.equal(await textOf(quick.output), "");
    assert.equal(await quick.exitCode(), 0);
  });

  test("hears an attached container after the end of the input", async (world) => {
    const { id } = await world.start({ args: ANSWERS, hasStdin: true });
    const session = await world.runtime.attach(id, { hasStdin: true, isTty: false });
    await session.write(new TextEncoder().encode("hello\n"));
    session.closeInput();
    let heard = "";
    for await (const { bytes } of session.output) {
      heard = new TextDecoder().decode(bytes);
      break;
    }
    session.close();
    assert.equal(heard, "got hello\n");
  });

  test("refuses to attach to a container that has ended", async (world) => {
    const { id } = await world.start({ args: POLITE });
    await world.runtime.stop(id, 5);
    await assert.rejects(
      world.runtime.attach(id, { hasStdin: true, isTty: false }),
      (error) => failedFor(error, "NotRunning"),
    );
  });

  test("ends an attachment with its container, however soon that ends", async (world) => {
    const sandboxId = await world.startSandbox();
    for (let attempt = 0; attempt < SHORT_LIVES; attempt++) {
      const { id } = await world.start({ sandboxId, attempt, args: FAILING });
      try {
        const session = await world.runtime.attach(id, { hasStdin: true, isTty: false });
        await textOf(session.output);
        assert.equal(await session.exitCode(), 3);
        session.close();
      } catch (error) {
        assert.ok(failedFor(error, "NotRunning"), String(error));
      }
    }
  });

  test("forgets a container that was removed while it ran", async (world) => {
    const { id } = await world.start({ args: POLITE });
    await world.runtime.remove(id);
    assert.ok(!(await world.runtime.listContainers()).some((one) => one.id === id));
    await assert.rejects(
      world.runtime.exec(id, { command: QUICK, hasStdin: false, isTty: false }),
    );
  });
}

class World {
  readonly runtime: Runtime;
  readonly pod: { uid: string; namespace: string; name: string };
  readonly #subject: RuntimeUnderTest;
  readonly #stop = new AbortController();

  constructor(subject: RuntimeUnderTest) {
    this.#subject = subject;
    this.runtime = subject.open();
    this.pod = { uid: subject.uid(), namespace: "default", name: "web" };
  }

  reopen = (): Runtime => this.#subject.open();

  sandbox(): SandboxConfig {
    return sandboxWith({ pod: this.pod, graceSeconds: 7 });
  }

  container(change: Partial<ContainerConfig>): ContainerConfig {
    const { image } = this.#subject;
    return containerWith({ pod: this.pod, image, graceSeconds: 7, args: POLITE, ...change });
  }

  standIn(): string {
    return `idle-${this.pod.uid.slice(0, 8)}`;
  }

  async startSandbox(): Promise<string> {
    const id = await this.runtime.createSandbox(this.sandbox());
    await this.runtime.start(id);
    return id;
  }

  async start(change: Partial<ContainerConfig>) {
    const sandboxId = change.sandboxId ?? await this.startSandbox();
    const config = this.container({ ...change, sandboxId });
    return await this.runtime.start(await this.runtime.createContainer(config));
  }

  followEvents() {
    const ready = Promise.withResolvers<void>();
    const events = this.runtime.events(this.#stop.signal, ready.resolve)[Symbol.asyncIterator]();
    let next = events.next();
    return {
      ready: ready.promise,
      async until(is: (event: RuntimeEvent) => boolean): Promise<RuntimeEvent> {
        for (;;) {
          const { done, value } = await next;
          assert.ok(!done, "the events ended");
          next = events.next();
          if (is(value)) return value;
        }
      },
    };
  }

  logsOf(id: string, tailLines?: number): Promise<string> {
    const options = {
      follow: false,
      timestamps: false,
      ...(tailLines === undefined ? {} : { tailLines }),
    };
    return textOf(this.runtime.logs(id, options, this.#stop.signal));
  }

  /** Resolves once the container has printed: then its trap is laid. */
  async printed(id: string): Promise<void> {
    const logs = this.runtime.logs(id, { follow: true, timestamps: false }, this.#stop.signal);
    for await (const _ of logs) return;
  }

  async clear(): Promise<void> {
    this.#stop.abort();
    for (const { id, pod } of await this.runtime.listContainers()) {
      if (pod.uid === this.pod.uid) await this.runtime.remove(id);
    }
  }
}

async function textOf(chunks: AsyncIterable<ExecChunk>): Promise<string> {
  let text = "";
  for await (const { bytes } of chunks) text += new TextDecoder().decode(bytes);
  return text;
}
