import { ensureEngine, stopEngine } from "../cmd/dockerd.ts";
import { DEFAULT_DOCKER_HOST } from "../cmd/flags.ts";
import { ENGINE_NEED, isInstalled, type Need as Tool, NEEDS } from "../cmd/host_checks.ts";
import { installPackages } from "../cmd/install.ts";
import { makeDataDir, pathsOf } from "../cmd/paths.ts";
import { Engine } from "../images/engine.ts";
import { newerKubectl } from "./newer_kubectl.ts";
import type { Need } from "./run_tests.ts";

export interface PreparedHost {
  /** What tests have to do without, and why. */
  readonly lacks: ReadonlyMap<Need, string>;
  /** Stops what was started for the tests. */
  release(): Promise<void>;
}

/** What tests use besides what a cluster needs. The Python client is a folder of modules and not a program. */
const TEST_TOOLS: readonly Tool[] = [
  { name: "etcd", package: "etcd-server" },
  { name: "openssl", package: "openssl" },
  { name: "bpftool", package: "bpftool" },
];
const PYTHON_CLIENT = "/usr/lib/python3/dist-packages/kubernetes";

/** Installs what the tests need of Debian, and starts a container engine if none answers. */
export async function prepareTestHost(): Promise<PreparedHost> {
  const lacks = new Map<Need, string>();
  if (Deno.uid() !== 0) lacks.set("root", "only root makes links and loads programs");
  const engine = new Engine(Deno.env.get("DOCKER_HOST") || DEFAULT_DOCKER_HOST);
  const paths = pathsOf(await Deno.makeTempDir({ prefix: "wherry-tests-" }));
  await makeDataDir(paths);
  const release = async () => {
    await stopEngine(engine, paths);
    engine.close();
    await Deno.remove(paths.dataDir, { recursive: true });
  };
  try {
    await installTools(await engine.version() !== undefined);
    console.log(await ensureEngine(engine, paths));
  } catch (error) {
    const why = (error as Error).message;
    console.log(why);
    if (await engine.version() === undefined) lacks.set("container engine", why);
  }
  const why = await ensureKubectl();
  if (why !== undefined) lacks.set("kubectl", why);
  if (!await hasPythonClient()) lacks.set("python client", "there is no python3-kubernetes");
  return { lacks, release };
}

/** @returns why there is none that the tests can be compared with */
async function ensureKubectl(): Promise<string | undefined> {
  try {
    const folder = await newerKubectl();
    if (folder !== undefined) Deno.env.set("PATH", `${folder}:${Deno.env.get("PATH") ?? ""}`);
    return undefined;
  } catch (error) {
    return `there is no kubectl that is new enough: ${(error as Error).message}`;
  }
}

async function installTools(hasEngine: boolean): Promise<void> {
  const wanted = [...NEEDS, ...TEST_TOOLS, ...(hasEngine ? [] : [ENGINE_NEED])];
  const missing = await hasPythonClient() ? [] : ["python3-kubernetes"];
  for (const { name, package: from } of wanted) {
    if (!await isInstalled(name)) missing.push(from);
  }
  if (missing.length === 0) return;
  if (Deno.uid() !== 0) throw new Error(`Cannot install ${missing.join(", ")}: only root can`);
  console.log(`Installing ${missing.join(", ")} from Debian`);
  await installPackages(missing);
}

async function hasPythonClient(): Promise<boolean> {
  return await Deno.stat(PYTHON_CLIENT).then(() => true, () => false);
}
