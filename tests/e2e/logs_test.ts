import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { eventually } from "./pods.ts";

const IMAGE = "busybox:1.35";
const FOLLOWERS = 50;
const EXECS = 50;
/** More than all buffers on the way hold together. */
const UNREAD_LINES = 400_000;

// deno-fmt-ignore
const LOGS: readonly { readonly flags: string; readonly prints: string | RegExp; readonly code?: number }[] = [
  { flags: "lines",                                    prints: "1\n2\n3\n" },
  { flags: "lines --tail=2",                           prints: "2\n3\n" },
  { flags: "lines --tail=0",                           prints: "" },
  { flags: "lines --limit-bytes=3",                    prints: "1\n2" },
  { flags: "lines --since=1h",                         prints: "1\n2\n3\n" },
  { flags: "lines --since-time=2999-01-01T00:00:00Z",  prints: "" },
  { flags: "lines --since-time=2000-01-01T00:00:00Z",  prints: "1\n2\n3\n" },
  { flags: "lines --timestamps --tail=1",              prints: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z 3\n$/ },
  { flags: "lines -f",                                 prints: "1\n2\n3\n" },
  { flags: "lines -f --tail=1",                        prints: "3\n" },
  { flags: "two -c side",                              prints: "side\n" },
  { flags: "two -c setup",                             prints: "setup\n" },
  { flags: "two --all-containers --prefix",            prints: /^(\[pod\/two\/(\w+)\] \2\n){3}$/ },
  { flags: "-l app=two --all-containers --tail=-1",    prints: /^((setup|main|side)\n){3}$/ },
  { flags: "two",                                      prints: /Defaulted container "main" out of: main, side, setup \(init\)\nmain\n/ },
  { flags: "crash --previous",                         prints: "crashed\n" },
  { flags: "lines --previous",                         prints: 'Error from server (BadRequest): previous terminated container "main" in pod "lines" not found\n', code: 1 },
  { flags: "waits",                                    prints: 'Error from server (BadRequest): container "main" in pod "waits" is waiting to start: CreateContainerConfigError\n', code: 1 },
  { flags: "lines -c none",                            prints: /container none is not valid for pod lines/, code: 1 },
  { flags: "none",                                     prints: /error from server \(NotFound\): pods "none" not found/i, code: 1 },
];

Deno.test("logs: every flag, many at once, and one that nobody reads", async (t) => {
  await using cluster = await startCluster({});
  await cluster.kubectl.apply({ apiVersion: "v1", kind: "List", items: PODS });
  await eventually(() => readiness(cluster));
  for (const { flags, prints, code = 0 } of LOGS) {
    await t.step(`kubectl logs ${flags}`, async () => {
      const got = await cluster.kubectl.shell(`kubectl logs ${flags} 2>&1`);
      if (typeof prints === "string") assert.equal(got.stdout, prints);
      else assert.match(got.stdout, prints);
      assert.equal(got.code, code);
    });
  }
  await t.step(
    `${FOLLOWERS} follow until the end, beside one that does not read`,
    () => many(cluster),
  );
  await t.step(`${EXECS} commands at once`, () => execs(cluster));
  await t.step("who follows hears the end of a deleted pod", () => deleted(cluster));
});

function pod(name: string, script: string, more: Partial<Pod["spec"]> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "main", image: IMAGE, command: ["sh", "-c", script] }],
      ...more,
    },
  };
}

const said = (name: string) => ({ name, image: IMAGE, command: ["sh", "-c", `echo ${name}`] });
const MISSING = { configMapRef: { name: "none" } };

const PODS: readonly Pod[] = [
  pod("lines", "for i in 1 2 3; do echo $i; done"),
  pod("two", "", { initContainers: [said("setup")], containers: [said("main"), said("side")] }),
  pod("crash", "echo crashed; exit 1", { restartPolicy: "Always" }),
  pod("waits", "", { containers: [{ name: "main", image: IMAGE, envFrom: [MISSING] }] }),
  pod("shared", "until test -e /go; do sleep 0.1; done; seq 100; echo over"),
  pod("loud", `seq ${UNREAD_LINES}; sleep 3600`),
  pod("stays", "echo up; sleep 3600"),
];

async function readiness({ kubectl }: Cluster): Promise<string> {
  const { items } = await kubectl.json<{ items: Pod[] }>("get", "pods");
  const late = items.filter(({ metadata, status }) => {
    const first = status?.containerStatuses?.[0];
    if (metadata.name === "crash") return first?.lastState?.terminated === undefined;
    if (metadata.name === "waits") {
      return first?.state?.waiting?.reason !== "CreateContainerConfigError";
    }
    const isEnding = ["lines", "two"].includes(metadata.name);
    return status?.phase !== (isEnding ? "Succeeded" : "Running");
  });
  return late.map(({ metadata, status }) => `${metadata.name}: ${JSON.stringify(status)}`).join();
}

function child({ kubectl }: Cluster, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command("kubectl", {
    args,
    env: { KUBECONFIG: kubectl.kubeconfig, HOME: kubectl.home },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

async function many(cluster: Cluster): Promise<void> {
  const unread = child(cluster, "logs", "-f", "loud");
  const followers = Array.from(
    { length: FOLLOWERS },
    () => child(cluster, "logs", "-f", "shared").output(),
  );
  await cluster.kubectl.run("exec", "shared", "--", "touch", "/go");
  const want = `${Array.from({ length: 100 }, (_, i) => i + 1).join("\n")}\nover\n`;
  for (const { stdout } of await Promise.all(followers)) {
    assert.equal(new TextDecoder().decode(stdout), want);
  }
  unread.kill("SIGTERM");
  await Promise.all([unread.stdout.cancel(), unread.status]);
}

async function execs(cluster: Cluster): Promise<void> {
  const outputs = await Promise.all(Array.from({ length: EXECS }, async (_, i) => {
    const { stdout } = await child(cluster, "exec", "stays", "--", "echo", `word ${i}`).output();
    return new TextDecoder().decode(stdout);
  }));
  assert.deepEqual(outputs, Array.from({ length: EXECS }, (_, i) => `word ${i}\n`));
  const missing = await cluster.kubectl.shell("kubectl exec stays -- no-such-program 2>&1");
  assert.match(missing.stdout, /exec: "no-such-program": executable file not found in \$PATH/);
  assert.notEqual(missing.code, 0);
}

async function deleted(cluster: Cluster): Promise<void> {
  const follower = await Reader.open(child(cluster, "logs", "-f", "stays"));
  const script = "echo here; sleep 3600";
  const running = await Reader.open(child(cluster, "exec", "stays", "--", "sh", "-c", script));
  await cluster.kubectl.run("delete", "pod", "stays", "--timeout=30s");
  assert.equal((await follower.end()).text, "up\n");
  assert.notEqual((await running.end()).code, 0);
}

/** A kubectl that has printed something already. */
class Reader {
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  #text = "";

  private constructor(process: Deno.ChildProcess) {
    this.#child = process;
    this.#output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async open(process: Deno.ChildProcess): Promise<Reader> {
    const reader = new Reader(process);
    reader.#text = (await reader.#output.read()).value ?? "";
    return reader;
  }

  /** Everything it has printed, once it has ended by itself. */
  async end(): Promise<{ text: string; code: number }> {
    for (let next = await this.#output.read(); !next.done; next = await this.#output.read()) {
      this.#text += next.value;
    }
    return { text: this.#text, code: (await this.#child.status).code };
  }
}
