import assert from "node:assert/strict";
import { removeEbpf } from "./ebpf_backend.ts";
import { PodPath } from "./pod_path.ts";
import { type EchoPod, leftovers, missingPieces, PodWorld } from "./pod_world_contract.ts";

const missing = await missingPieces();
if (missing.length > 0) {
  console.log(`open connections: the kernel is not asked, this host lacks ${missing.join(", ")}`);
}

const PORT = 9_000;
/** Takes a connection and says nothing. */
const SERVER = `
const listener = Deno.listen({ port: ${PORT} });
console.log("ready");
const connection = await listener.accept();
for await (const _ of connection.readable) console.log("heard");
`;
/** Says something, and on request once more; then what became of the connection. */
const clientOf = (ip: string) => `
const connection = await Deno.connect({ hostname: "${ip}", port: ${PORT} });
await connection.write(new Uint8Array(1));
console.log("open");
await Deno.stdin.read(new Uint8Array(1));
try {
  for (;;) {
    await connection.write(new Uint8Array(1));
    await connection.read(new Uint8Array(1));
  }
} catch (error) {
  console.log(error.name);
}
`;
/** Of a connected socket of UDP, whose next datagram is told what became of the last. */
const datagramsTo = (ip: string) => `
exec 3<>/dev/udp/${ip}/${PORT}
echo open
read -r
until ! echo x >&3; do sleep 0.02; done 2>/dev/null
echo refused
`;

for (const way of ["through the host", "by the short path"] as const) {
  Deno.test({
    name: `open connections, ${way}: to a pod that is removed they end`,
    ignore: missing.length > 0,
    fn: () => testRemoval(way === "by the short path"),
  });
}

async function testRemoval(isShort: boolean): Promise<void> {
  const cluster = isShort ? "test-open-short" : "test-open-long";
  const world = await PodWorld.create(cluster, isShort ? 11 : 10);
  const path = isShort ? await PodPath.open(world.names) : undefined;
  const programs: Program[] = [];
  try {
    if (path !== undefined) await world.network.usePath(path);
    await world.addPods(2);
    const [from, to] = world.pods;
    assert(from !== undefined && to !== undefined);
    const server = new Program(to, Deno.execPath(), "eval", SERVER);
    programs.push(server);
    assert.equal(await server.line(), "ready");
    const tcp = new Program(from, Deno.execPath(), "eval", clientOf(to.ip));
    const udp = new Program(from, "bash", "-c", datagramsTo(to.ip));
    programs.push(tcp, udp);
    assert.deepEqual(await Promise.all([tcp.line(), udp.line()]), ["open", "open"]);
    assert.equal(await server.line(), "heard");
    await world.network.detach(to.uid);
    await Promise.all([tcp.goOn(), udp.goOn()]);
    assert.deepEqual(await Promise.all([tcp.line(), udp.line()]), [
      "ConnectionReset",
      "refused",
    ]);
  } finally {
    for (const program of programs) await program.stop();
    await world.remove();
    path?.close();
    await removeEbpf(world.names);
  }
  assert.deepEqual(await leftovers(world.names), []);
}

/** In the network of a pod. */
class Program {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(pod: EchoPod, ...command: string[]) {
    this.#child = new Deno.Command("nsenter", {
      args: [`--net=/proc/${pod.echo.child.pid}/ns/net`, ...command],
      ...{ stdin: "piped", stdout: "piped" },
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async goOn(): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("\n"));
    writer.releaseLock();
  }

  async line(): Promise<string> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) return "it ended";
      this.#text += value;
    }
    const [line = ""] = this.#text.split("\n", 1);
    this.#text = this.#text.slice(line.length + 1);
    return line;
  }

  async stop(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended by itself
    }
    await this.#child.status;
    await this.#lines.cancel();
    await this.#child.stdin.abort().catch(() => {}); // its reader is dead
  }
}
