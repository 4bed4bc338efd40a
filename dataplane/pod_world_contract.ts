/** A node for the data path's tests: pods in network namespaces of their own, and a client outside the cluster. */
import assert from "node:assert/strict";
import type { Clock } from "../api/types/ambient.ts";
import type { Answer, Target } from "./echo_pod_contract.ts";
import { HostCommands } from "./host_commands.ts";
import { exists, findCgroupRoot } from "./host_files.ts";
import { type ClusterNames, namesOf } from "./names.ts";
import { PodNetwork } from "./pod_network.ts";

export const POD_CIDR = "10.198.0.0/24";
export const OUTSIDE_IP = "10.199.0.2";
/** The node's address on the wire to the client outside. */
export const NODE_IP = "10.199.0.1";

const ECHO = new URL("./echo_pod_contract.ts", import.meta.url).pathname;
const NEEDED = ["ip", "nft", "unshare", "nsenter", "conntrack"];

export const commands = new HostCommands();
export const clock: Pick<Clock, "now"> = { now: () => Date.now() };

/** @returns what this host lacks, in words; with CI=true a lack is an error */
export async function missingPieces(libraries: readonly string[] = []): Promise<string[]> {
  const missing: string[] = [];
  if (Deno.uid() !== 0) missing.push("root");
  for (const command of NEEDED) if (!await commands.has(command)) missing.push(command);
  for (const path of libraries) if (!await exists(path)) missing.push(path);
  if (missing.length > 0 && Deno.env.get("CI") === "true") {
    throw new Error(`Cannot run the data path's tests: missing ${missing.join(", ")}`);
  }
  return missing;
}

/** A process in a network namespace that answers, and that asks on request. */
export class EchoProcess {
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #text = "";

  readonly child: Deno.ChildProcess;

  constructor(readonly name: string) {
    const args = ["--net", Deno.execPath(), "run", "--no-lock", "-A", ECHO, name];
    const options = { args, stdin: "piped", stdout: "piped" } as const;
    this.child = new Deno.Command("unshare", options).spawn();
    this.#lines = this.child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#input = this.child.stdin.getWriter();
  }

  /** Its namespace is made, and it listens. */
  async ready(): Promise<void> {
    assert.equal(await this.#line(), "ready");
  }

  async ask(target: Target): Promise<Answer & { error?: string }> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(target)}\n`));
    return JSON.parse(await this.#line());
  }

  async stop(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.status;
    await this.#lines.cancel();
    await this.#input.abort().catch(() => {}); // its reader is dead
  }

  async #line(): Promise<string> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error(`Cannot hear ${this.name}: it ended`);
      this.#text += value;
    }
    const [line = ""] = this.#text.split("\n", 1);
    this.#text = this.#text.slice(line.length + 1);
    return line;
  }
}

export interface EchoPod {
  readonly uid: string;
  readonly ip: string;
  readonly echo: EchoProcess;
}

/** Everything has the name of the cluster, and goes with `remove`. */
export class PodWorld {
  readonly pods: EchoPod[] = [];
  outside: EchoProcess | undefined;
  readonly #processes: EchoProcess[] = [];

  private constructor(
    readonly names: ClusterNames,
    readonly network: PodNetwork,
    /** The test's own process is in it, and the pods are. */
    readonly cgroup: string,
    readonly cgroupBefore: string,
  ) {}

  static async create(cluster: string): Promise<PodWorld> {
    const names = namesOf(cluster);
    const root = await findCgroupRoot();
    const own = (await Deno.readTextFile("/proc/self/cgroup")).match(/^0::(.*)$/m)?.[1] ?? "/";
    const cgroup = `${root}/${cluster}`;
    await Deno.mkdir(cgroup, { recursive: true });
    await Deno.writeTextFile(`${cgroup}/cgroup.procs`, String(Deno.pid));
    const network = await PodNetwork.open({ names, commands, log: () => {}, podCidr: POD_CIDR });
    return new PodWorld(names, network, cgroup, `${root}${own}`);
  }

  async addPods(count: number): Promise<void> {
    const start = async (i: number) => {
      const uid = `uid-${i}`;
      const echo = await this.#start(`pod-${i}`);
      const pod = { uid, namespace: "default", name: echo.name };
      const { ip } = await this.network.attach(pod, echo.child.pid);
      return { uid, ip, echo };
    };
    this.pods.push(...await Promise.all(Array.from({ length: count }, (_, i) => start(i))));
  }

  /** A machine on another network of the node, which knows the node as its gateway. */
  async addOutside(): Promise<void> {
    const echo = await this.#start("outside");
    this.outside = echo;
    const link = this.#outsideLink();
    const host = `link add ${link} type veth peer name eth0 netns ${echo.child.pid}
address add ${NODE_IP}/30 dev ${link}
link set ${link} up
`;
    const inside = `link set lo up
address add ${OUTSIDE_IP}/30 dev eth0
link set eth0 up
route add default via ${NODE_IP}
`;
    await commands.run("ip", ["-batch", "-"], host);
    const enter = [`--net=/proc/${echo.child.pid}/ns/net`, "ip", "-batch", "-"];
    await commands.run("nsenter", enter, inside);
  }

  async remove(): Promise<void> {
    await Promise.all(this.#processes.map((echo) => echo.stop()));
    await this.network.remove();
    await Deno.writeTextFile(`${this.cgroupBefore}/cgroup.procs`, String(Deno.pid));
    await Deno.remove(this.cgroup);
  }

  async #start(name: string): Promise<EchoProcess> {
    const echo = new EchoProcess(name);
    this.#processes.push(echo);
    await echo.ready();
    return echo;
  }

  #outsideLink(): string {
    return `${this.names.linkPrefix}out`;
  }
}

/** @returns what of this cluster is still on the host */
export async function leftovers(names: ClusterNames): Promise<string[]> {
  const links = await commands.run("ip", ["-brief", "link", "show"]);
  const routes = await commands.run("ip", ["route", "show"]);
  const rules = await commands.run("nft", ["list", "ruleset"]);
  const found = [links, routes, rules].flatMap((text) => text.split("\n"))
    .filter((line) => line.includes(names.linkPrefix) || line.includes(names.cluster));
  return [...found, ...(await exists(names.pins) ? [names.pins] : [])];
}
