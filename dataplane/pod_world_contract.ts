/** A node for the data path's tests: pods in network namespaces of their own, and a client outside the cluster. */
import assert from "node:assert/strict";
import type { Clock } from "../api/types/ambient.ts";
import type { Answer, Target } from "./echo_pod_contract.ts";
import { HostCommands } from "./host_commands.ts";
import { exists, findCgroupRoot } from "./host_files.ts";
import { type ClusterNames, namesOf } from "./names.ts";
import { PodNetwork } from "./pod_network.ts";

const ECHO = new URL("./echo_pod_contract.ts", import.meta.url).pathname;
const NEEDED = ["ip", "nft", "unshare", "nsenter", "conntrack"];

export const commands = new HostCommands();
export const clock: Pick<Clock, "now"> = { now: () => Date.now() };

/**
 * @param more lacks that the caller has found
 * @returns what this host lacks, in words; with CI=true a lack is an error
 */
export async function missingPieces(more: readonly string[] = []): Promise<string[]> {
  const missing = [...more];
  if (Deno.uid() !== 0) missing.push("root");
  for (const command of NEEDED) if (!await commands.has(command)) missing.push(command);
  if (missing.length > 0 && Deno.env.get("CI") === "true") {
    throw new Error(`Cannot run the data path's tests: missing ${missing.join(", ")}`);
  }
  return missing;
}

export type Addresses = ReturnType<typeof addressesOf>;

function addressesOf(network: number) {
  return {
    podCidr: `10.198.${network}.0/24`,
    /** Beyond the last pod: nobody answers there. */
    absentPod: `10.198.${network}.250`,
    vip: `10.197.${network}.10`,
    otherVip: `10.197.${network}.11`,
    /** The node's address on the wire to the client outside. */
    node: `10.199.${network}.1`,
    outside: `10.199.${network}.2`,
  };
}

/** A process in a network namespace that answers, and that asks on request. */
export class EchoProcess {
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #text = "";
  #lineBefore: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  readonly child: Deno.ChildProcess;

  /** @param name of a pod, in a namespace of its own; undefined: a process of the host, which only asks */
  constructor(readonly name: string | undefined, cgroup: string) {
    const echo = [Deno.execPath(), "run", "--no-lock", "-A", ECHO];
    const command = name === undefined ? echo : ["unshare", "--net", ...echo, name];
    const join = `echo $$ > ${cgroup}/cgroup.procs && exec "$@"`;
    const options = { stdin: "piped", stdout: "piped" } as const;
    this.child = new Deno.Command("sh", { args: ["-c", join, "sh", ...command], ...options })
      .spawn();
    this.#lines = this.child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#input = this.child.stdin.getWriter();
  }

  /** Its namespace is made, and it listens. */
  async ready(): Promise<void> {
    assert.equal(await this.#line(), "ready");
  }

  /** @throws with the `code` of the error that the process met, such as ECONNREFUSED */
  async ask(target: Target): Promise<Answer> {
    const [answer] = await this.askMany(target, 1);
    return answer ?? assert.fail("no answer");
  }

  /** One after the other. */
  async askMany(target: Target, times: number): Promise<Answer[]> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify({ ...target, times })}\n`));
    const answers = JSON.parse(await this.#line()) as Answer[] | { code: string };
    if (Array.isArray(answers)) return answers;
    throw Object.assign(new Error(`Cannot reach ${target.host}:${target.port}`), answers);
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.child.kill("SIGKILL");
    await this.child.status;
    await this.#lines.cancel();
    await this.#input.abort().catch(() => {}); // its reader is dead
  }

  /** Whoever asks waits for the answers before: two may come at once, of which one reader would see none. */
  #line(): Promise<string> {
    const line = this.#lineBefore.then(() => this.#readLine());
    this.#lineBefore = line.catch(() => {});
    return line;
  }

  async #readLine(): Promise<string> {
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

/**
 * Everything has the name of the cluster, and goes with `remove`. Its addresses are those of `network`, a number from 0
 * to 255 of its own for each test that may run beside others.
 */
export class PodWorld {
  readonly pods: EchoPod[] = [];
  readonly #processes: EchoProcess[] = [];

  private constructor(
    readonly names: ClusterNames,
    readonly network: PodNetwork,
    readonly addresses: Addresses,
    /** Its processes are those of the world, so that other tests are left alone. */
    readonly cgroup: string,
  ) {}

  static async create(cluster: string, network: number): Promise<PodWorld> {
    const names = namesOf(cluster);
    const root = await findCgroupRoot();
    const cgroup = `${root}/${cluster}`;
    await Deno.mkdir(cgroup, { recursive: true });
    const addresses = addressesOf(network);
    const { podCidr } = addresses;
    const pods = await PodNetwork.open({ names, commands, log: () => {}, podCidr });
    return new PodWorld(names, pods, addresses, cgroup);
  }

  async addPods(count: number): Promise<void> {
    const start = async (i: number) => {
      const uid = `pod-${i}`;
      const echo = await this.#start(uid);
      const pod = { uid, namespace: "default", name: uid };
      const { ip } = await this.network.attach(pod, echo.child.pid);
      return { uid, ip, echo };
    };
    this.pods.push(...await Promise.all(Array.from({ length: count }, (_, i) => start(i))));
  }

  /** A machine on another network of the node, which knows the node as its gateway. */
  async addOutside(): Promise<EchoProcess> {
    const echo = await this.#start("outside", await findCgroupRoot());
    const link = this.outsideLink();
    const { node, outside } = this.addresses;
    const host = `link add ${link} type veth peer name eth0 netns ${echo.child.pid}
address add ${node}/30 dev ${link}
link set ${link} up
`;
    const inside = `link set lo up
address add ${outside}/30 dev eth0
link set eth0 up
route add default via ${node}
`;
    await commands.run("ip", ["-batch", "-"], host);
    const enter = [`--net=/proc/${echo.child.pid}/ns/net`, "ip", "-batch", "-"];
    await commands.run("nsenter", enter, inside);
    return echo;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#processes.map((echo) => echo.stop()));
    await this.network.remove();
    await Deno.remove(this.cgroup);
  }

  /** A process of the node itself. */
  async addHost(): Promise<EchoProcess> {
    return await this.#start();
  }

  async #start(name?: string, cgroup = this.cgroup): Promise<EchoProcess> {
    const echo = new EchoProcess(name, cgroup);
    this.#processes.push(echo);
    await echo.ready();
    return echo;
  }

  /** Not named as links of pods are, since what comes by it comes from outside. */
  outsideLink(): string {
    return `o${this.names.linkPrefix.slice(1)}out`;
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
