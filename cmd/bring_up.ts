import { ensureImage, type ImageOrigin, obtainImage } from "../images/build.ts";
import { Engine } from "../images/engine.ts";
import { NGINX, PAUSE } from "../images/recipes.ts";
import { type Lease, LEASES } from "../api/types/coordination_v1.ts";
import type { Node } from "../api/types/core_v1.ts";
import { NODES } from "../api/types/resources.ts";
import { ensureChild, type Started, stopChild } from "./children.ts";
import { isSameCluster, readRecord, rejectOtherCluster, writeRecord } from "./cluster_record.ts";
import { connect, type Connection } from "./connection.ts";
import { ADMIN_USER, tokenOf } from "./credentials.ts";
import { ensureEngine } from "./dockerd.ts";
import {
  createExample,
  EXAMPLE_FILE,
  EXAMPLE_IMAGE,
  fetchExample,
  waitForExample,
} from "./example.ts";
import type { Settings } from "./flags.ts";
import { observeHost, planHost } from "./host_checks.ts";
import { ensureIdentity, serverOf } from "./identity.ts";
import { installPackages } from "./install.ts";
import { COMPILED } from "./own_program.ts";
import { makeDataDir, type Paths, pathsOf } from "./paths.ts";
import type { Progress } from "./progress.ts";
import { waitFor } from "./wait.ts";

/** This host can't: one sentence for each lack. */
class HostError extends Error {
  override readonly name = "HostError";
  constructor(readonly lacks: readonly string[]) {
    super(lacks.join("\n"));
  }
}

const MASTER_PATIENCE_MS = 60_000;
const NODE_PATIENCE_MS = 60_000;
const LOOK_MS = 20;
const LEASE_NAMESPACE = "kube-node-lease";

/** Starts whatever of the cluster does not run yet, step by step. Twice in a row changes nothing. */
export async function bringUp(settings: Settings, progress: Progress): Promise<void> {
  const paths = pathsOf(settings.dataDir);
  const engine = new Engine(settings.dockerHost);
  try {
    const record = await readRecord(settings.dataDir);
    rejectOtherCluster(record, settings);
    await prepareHost(settings, engine, progress);
    await makeDataDir(paths);
    await progress.step("container engine", () => ensureEngine(engine, paths));
    const tokens = await prepareIdentity(settings, paths, progress);
    if (!isSameCluster(record, settings)) {
      await stopChild("agent", settings);
      await stopChild("master", settings);
    }
    await writeRecord(settings);
    using connection = await connect(serverOf(settings), paths, {
      token: tokenOf(tokens, ADMIN_USER),
    });
    const image = settings.example ? obtainExampleImage(engine) : undefined;
    await startProcesses(settings, engine, connection, progress);
    if (image !== undefined) await showExample(image, connection, progress);
  } finally {
    engine.close();
  }
}

async function prepareHost(
  settings: Settings,
  engine: Engine,
  progress: Progress,
): Promise<void> {
  let packages: readonly string[] = [];
  await progress.step("host", async () => {
    const facts = await observeHost(await engine.version());
    const plan = planHost(facts, settings);
    if (plan.lacks.length > 0) throw new HostError(plan.lacks);
    packages = plan.packages;
    const missing = packages.length === 0 ? "nothing is missing" : `missing ${packages.join(", ")}`;
    return `Linux ${facts.kernel} on ${facts.arch}, ${missing}`;
  });
  if (packages.length > 0) {
    await progress.step("packages", async () => {
      await installPackages(packages, (text) => progress.note(text));
      return `${packages.join(", ")} installed from Debian`;
    });
  }
  if (COMPILED !== undefined) return; // everything came with it
  await progress.step("libraries", async () => {
    await fetchLibraries();
    return "in the cache";
  });
}

/** Downloads the modules once, so that neither process waits for the network at its start. */
async function fetchLibraries(): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", new URL("../cmd/wherry.ts", import.meta.url).pathname],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code === 0) return;
  throw new Error(`Cannot fetch libraries: ${new TextDecoder().decode(stderr).trim()}`);
}

async function prepareIdentity(settings: Settings, paths: Paths, progress: Progress) {
  let tokens: Awaited<ReturnType<typeof ensureIdentity>>["tokens"] = [];
  await progress.step("certificates", async () => {
    const identity = await ensureIdentity(settings, paths);
    tokens = identity.tokens;
    // The processes hold the old ones: they take the new ones from the files at their start.
    if (identity.made.length > 0) {
      await stopChild("agent", settings);
      await stopChild("master", settings);
    }
    const made = identity.made.length === 0 ? "still good" : `made for ${identity.made.join(", ")}`;
    return `${made}; ${paths.kubeconfig}`;
  });
  return tokens;
}

async function startProcesses(
  settings: Settings,
  engine: Engine,
  connection: Connection,
  progress: Progress,
): Promise<void> {
  await progress.step("master", async () => {
    const master = await ensureChild("master", settings);
    await Promise.race([master.died, untilReady(connection)]);
    master.release();
    return tell(master, `API ready at ${serverOf(settings)}`);
  });
  await progress.step("agent", async () => {
    await ensureImage(engine, PAUSE);
    const since = Date.now();
    const agent = await ensureChild("agent", settings);
    const isBack = agent.isNew ? untilLeaseRenewed(connection, settings, since) : undefined;
    if (isBack !== undefined) await Promise.race([agent.died, isBack]);
    await Promise.race([agent.died, untilNodeReady(connection, settings)]);
    agent.release();
    return tell(agent, `node ${settings.nodeName} is Ready`);
  });
}

function tell({ pid, isNew }: Started, outcome: string): string {
  return `${outcome}, ${isNew ? "started as" : "running already as"} process ${pid}`;
}

async function untilReady(connection: Connection): Promise<void> {
  const deadline = Date.now() + MASTER_PATIENCE_MS;
  while (Date.now() < deadline) {
    const signal = AbortSignal.timeout(2_000);
    const response = await connection.fetch("/readyz", { signal }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`The API did not answer within ${MASTER_PATIENCE_MS / 1000} s`);
}

/** What the node's object says may be the word of an agent that is gone: a new one renews its lease. */
async function untilLeaseRenewed(
  { api }: Connection,
  { nodeName }: Settings,
  since: number,
): Promise<void> {
  const isRenewed = (leases: readonly Lease[]) => {
    const lease = leases.find(({ metadata }) => metadata.name === nodeName);
    return Date.parse(lease?.spec?.renewTime ?? "") >= since;
  };
  await waitFor(api, LEASES, { namespace: LEASE_NAMESPACE }, isRenewed, {
    timeoutMs: NODE_PATIENCE_MS,
    otherwise: () => `the agent of ${nodeName} has not come forward`,
  });
}

async function untilNodeReady({ api }: Connection, { nodeName }: Settings): Promise<void> {
  let why = "it has not registered";
  const isReady = (nodes: readonly Node[]) => {
    const node = nodes.find(({ metadata }) => metadata.name === nodeName);
    const ready = node?.status?.conditions?.find(({ type }) => type === "Ready");
    if (ready !== undefined) why = ready.message ?? ready.reason ?? `Ready is ${ready.status}`;
    return ready?.status === "True";
  };
  await waitFor(api, NODES, {}, isReady, {
    timeoutMs: NODE_PATIENCE_MS,
    otherwise: () => `node ${nodeName} is not Ready: ${why}`,
  });
}

const ORIGIN: Readonly<Record<ImageOrigin, string>> = {
  local: "the engine had it",
  pulled: "pulled from its registry",
  built: "made from Debian packages, as no registry answered",
};

/** Begun early, as it takes longest on a host that is new to it; a failure is told by its own step. */
function obtainExampleImage(engine: Engine): Promise<ImageOrigin> {
  const origin = obtainImage(engine, { ...NGINX, name: EXAMPLE_IMAGE });
  origin.catch(() => {});
  return origin;
}

async function showExample(
  image: Promise<ImageOrigin>,
  { api }: Connection,
  progress: Progress,
): Promise<void> {
  await progress.step("example image", async () => `${EXAMPLE_IMAGE}: ${ORIGIN[await image]}`);
  await progress.step(
    "examples/web.yaml",
    async () => await createExample(api, await Deno.readTextFile(EXAMPLE_FILE)),
  );
  await progress.step("pods", async () => `${await waitForExample(api)} ready behind the service`);
  await progress.step("service", () => fetchExample(api));
}
