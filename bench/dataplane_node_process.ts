import { AGENT_MEMORY, AGENT_V8_FLAGS } from "../cmd/own_program.ts";
import type { Master } from "../tests/fixtures/master.ts";
import type { Programmed } from "./dataplane_node.ts";

const NODE = new URL("./dataplane_node.ts", import.meta.url).pathname;

/** A process that programs the kernel as an agent does, and with an agent's memory. */
export class BenchNode {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(
    cluster: string,
    cgroup: string,
    { url, dataDir, token }: Pick<Master, "url" | "dataDir" | "token">,
  ) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", AGENT_V8_FLAGS, NODE, cluster, cgroup, url, dataDir],
      env: { TOKEN: token, ...AGENT_MEMORY },
      stdout: "piped",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async until(revision: number): Promise<Programmed> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end < 0) {
        const { value, done } = await this.#lines.read();
        if (done) throw new Error("Cannot measure: the node's process ended");
        this.#text += value;
        continue;
      }
      const told = JSON.parse(this.#text.slice(0, end)) as Programmed;
      this.#text = this.#text.slice(end + 1);
      if (told.endpoints >= revision) return told;
    }
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await this.#lines.cancel();
  }
}
