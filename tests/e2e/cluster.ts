import type { Api } from "../../client/api.ts";
import { bringUp } from "../../cmd/bring_up.ts";
import { type Child, ensureChild } from "../../cmd/children.ts";
import { connect } from "../../cmd/connection.ts";
import { ADMIN_USER, ensureTokens, tokenOf } from "../../cmd/credentials.ts";
import { EXAMPLE_IMAGE } from "../../cmd/example.ts";
import { parseCommand, type Settings } from "../../cmd/flags.ts";
import { hostDefaults } from "../../cmd/host_defaults.ts";
import { serverOf } from "../../cmd/identity.ts";
import { type Paths, pathsOf } from "../../cmd/paths.ts";
import { runningProcess, stopProcess } from "../../cmd/processes.ts";
import { Progress } from "../../cmd/progress.ts";
import { takeDown } from "../../cmd/take_down.ts";
import { ensureImage } from "../../images/build.ts";
import { Engine } from "../../images/engine.ts";
import { BUSYBOX, NGINX } from "../../images/recipes.ts";
import { Kubectl } from "../fixtures/kubectl.ts";

/** Images of these names are in the engine while a test cluster is up, with a shell in each. */
const TEST_IMAGES = [
  { ...BUSYBOX, name: "busybox:1.35" },
  /** Not a registry's: tests count by the host name that ours answers with. */
  { ...NGINX, name: EXAMPLE_IMAGE },
];

export interface ClusterOptions {
  readonly backend?: Settings["backend"];
  /** With examples/web.yaml, its pods ready. */
  readonly example?: boolean;
  /** Sandboxes that are made ahead; absent: as many as by default. */
  readonly sandboxPool?: number;
  /** Another engine than the host's, as DOCKER_HOST says it. */
  readonly dockerHost?: string;
}

/** A whole cluster of one node on this host, beside any other, gone with all it laid down when disposed. */
export interface Cluster extends AsyncDisposable {
  readonly settings: Settings;
  readonly kubectl: Kubectl;
  /** As its administrator. */
  readonly api: Api;
  readonly nodeAddress: string;
  pid(child: Child): Promise<number>;
  /** SIGKILL; resolves once it is dead. */
  kill(child: Child): Promise<void>;
  start(child: Child): Promise<void>;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const own = await ownFlags(options);
  const { settings } = own;
  const paths = pathsOf(settings.dataDir);
  const engine = new Engine(settings.dockerHost);
  try {
    for (const recipe of TEST_IMAGES) await ensureImage(engine, recipe);
  } finally {
    engine.close();
  }
  try {
    await bringUp(settings, silently());
  } catch (error) {
    await takeDown({ ...settings, purge: true }, silently());
    await own[Symbol.asyncDispose]();
    throw error;
  }
  const tokens = await ensureTokens(paths, settings.nodeName);
  const connection = await connect(serverOf(settings), paths, {
    token: tokenOf(tokens, ADMIN_USER),
  });
  const kubectl = await Kubectl.open(paths.kubeconfig);
  return {
    settings,
    kubectl,
    nodeAddress: settings.advertiseAddress,
    pid: (child) => pidOf(child, paths),
    kill: (child) => kill(child, paths),
    async start(child) {
      (await ensureChild(child, settings)).release();
    },
    api: connection.api,
    async [Symbol.asyncDispose]() {
      connection[Symbol.dispose]();
      await kubectl[Symbol.asyncDispose]();
      await takeDown({ ...settings, purge: true }, silently());
      await own[Symbol.asyncDispose]();
    },
  };
}

/** Flags of a cluster of its own: name, folder, address, ports and ranges. Other clusters are left alone. */
export interface OwnFlags extends AsyncDisposable {
  readonly flags: readonly string[];
  readonly settings: Settings;
}

/** The node has an address on a link of its own, so that nothing outside this host can reach the cluster. */
export async function ownFlags(
  { backend, example, dockerHost, sandboxPool }: ClusterOptions,
): Promise<OwnFlags> {
  const number = freeNumber();
  const dataDir = await Deno.makeTempDir({ prefix: "wherry-e2e-" });
  const name = `e2e-${dataDir.slice(-6).toLowerCase().replace(/[^a-z0-9]/g, "0")}`;
  const address = `10.99.${number}.1`;
  await ip("link", "add", name, "type", "bridge");
  await ip("address", "add", `${address}/32`, "dev", name);
  await ip("link", "set", name, "up");
  const flags = [
    `--data-dir=${dataDir}`,
    `--cluster-name=${name}`,
    `--node-name=e2e-node`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    `--api-port=${freePort()}`,
    `--agent-port=${freePort()}`,
    `--service-cidr=10.${100 + number}.0.0/16`,
    `--cluster-cidr=10.${150 + number}.0.0/16`,
    `--node-port-range=${31_000 + number * 30}-${31_029 + number * 30}`,
    `--backend=${backend ?? "auto"}`,
    ...(sandboxPool === undefined ? [] : [`--sandbox-pool=${sandboxPool}`]),
    ...(dockerHost === undefined ? [] : [`--docker-host=${dockerHost}`]),
    ...(example === true ? [] : ["--no-example"]),
  ];
  return {
    flags,
    settings: parseCommand(["up", ...flags], await hostDefaults()).settings,
    [Symbol.asyncDispose]: () => ip("link", "delete", name),
  };
}

/** Below 45, and of no other cluster that is up. */
function freeNumber(): number {
  const taken = new Set(Deno.networkInterfaces().map(({ address }) => address));
  const free = Array.from({ length: 45 }, (_, i) => i).filter((i) => !taken.has(`10.99.${i}.1`));
  return free[Math.floor(Math.random() * free.length)] ?? 0;
}

async function ip(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ip", { args }).output();
  if (!success) throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Steps that fail say so in their error. */
function silently(): Progress {
  return new Progress({ isTerminal: false, write: () => {} });
}

async function pidOf(child: Child, paths: Paths): Promise<number> {
  const running = await runningProcess(paths.pidFile(child));
  if (running === undefined) throw new Error(`The ${child} does not run`);
  return running.pid;
}

async function kill(child: Child, paths: Paths): Promise<void> {
  Deno.kill(await pidOf(child, paths), "SIGKILL");
  await stopProcess(paths.pidFile(child), 5_000);
}
