/** From the commit of an endpoint in the API to the kernel of a node, among 10,000 services with 10 pods each. */
import type { Endpoints, Service } from "../api/types/core_v1.ts";
import { ENDPOINTS, SERVICES } from "../api/types/resources.ts";
import type { Api } from "../client/api.ts";
import { connect } from "../cmd/connection.ts";
import { pathsOf } from "../cmd/paths.ts";
import { removeEbpf } from "../dataplane/ebpf_backend.ts";
import { findCgroupRoot } from "../dataplane/host_files.ts";
import { namesOf } from "../dataplane/names.ts";
import { type Master, startMaster } from "../tests/fixtures/master.ts";
import { clockMs, type Programmed } from "./dataplane_node.ts";
import type { Row } from "./run.ts";

const NODE = new URL("./dataplane_node.ts", import.meta.url).pathname;
const CLUSTER = "bench-programming";
const COUNT = 10_000;
const PODS = 10;
const CHANGES = 200;
const AT_ONCE = 32;

export async function programming(): Promise<Row[]> {
  const names = namesOf(CLUSTER);
  const cgroup = `${await findCgroupRoot()}/${CLUSTER}`;
  await Deno.mkdir(cgroup, { recursive: true });
  const master = await startMaster({ flags: ["--service-cidr", "10.96.0.0/16"] });
  const nodes: BenchNode[] = [];
  try {
    using connection = await connect(master.url, pathsOf(master.dataDir), master);
    await fill(connection.api);
    const first = new BenchNode(cgroup, master);
    nodes.push(first);
    const last = await connection.api.get(ENDPOINTS, "default", nameOf(COUNT - 1));
    const full = await first.until(Number(last.metadata.resourceVersion));
    const samples: number[] = [];
    let latest = full;
    for (let i = 0; i < CHANGES; i++) {
      const endpoints = await connection.api.get(ENDPOINTS, "default", nameOf(i * 37 % COUNT));
      const fromMs = clockMs();
      const changed = await connection.api.update(ENDPOINTS, withAnother(endpoints));
      latest = await first.until(Number(changed.metadata.resourceVersion));
      samples.push(latest.atMs - fromMs);
    }
    samples.sort((a, b) => a - b);
    const what = `eBPF, ${COUNT.toLocaleString("en")} services × ${PODS} endpoints`;
    const at = (share: number) => `${(samples[Math.floor(CHANGES * share)] ?? 0).toFixed(1)} ms`;
    return [
      {
        what: `${what}: one endpoint, from the request that changes it to the kernel, p50, p99`,
        figure: `${at(0.5)}, ${at(0.99)}`,
        goal: "p99 ≤ 25 ms",
      },
      { what: `${what}: cold full sync`, figure: `${full.syncMs.toFixed(0)} ms`, goal: "≤ 300 ms" },
      {
        what: `${what}: RSS of the node's process, after it and after the changes`,
        figure: `${megabytes(full.rssBytes)}, ${megabytes(latest.rssBytes)}`,
        goal: "≤ 150 MB",
      },
    ];
  } finally {
    for (const node of nodes) await node.stop();
    await master.stop();
    await removeEbpf(names);
    await Deno.remove(cgroup);
  }
}

/** A process that programs the kernel as an agent does. */
class BenchNode {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(cgroup: string, { url, dataDir, token }: Master) {
    const args = ["run", "-A", "--v8-flags=--max-semi-space-size=2", NODE];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...args, CLUSTER, cgroup, url, dataDir],
      env: { TOKEN: token },
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

async function fill(api: Api): Promise<void> {
  for (let first = 0; first < COUNT; first += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, COUNT - first) }, (_, i) => first + i);
    await Promise.all(some.map(async (i) => {
      await api.create(SERVICES, serviceOf(i));
      await api.create(ENDPOINTS, endpointsOf(i));
    }));
  }
}

const nameOf = (i: number) => `service-${String(i).padStart(5, "0")}`;

function serviceOf(i: number): Service {
  return {
    ...{ apiVersion: "v1", kind: "Service" },
    metadata: { name: nameOf(i), namespace: "default" },
    spec: { ports: [{ port: 80, protocol: "TCP" }] },
  };
}

function endpointsOf(i: number): Endpoints {
  const addresses = Array.from({ length: PODS }, (_, pod) => ({ ip: addressOf(i, pod + 1) }));
  return {
    ...{ apiVersion: "v1", kind: "Endpoints" },
    metadata: { name: nameOf(i), namespace: "default" },
    subsets: [{ addresses, ports: [{ port: 8_080, protocol: "TCP" }] }],
  };
}

const addressOf = (i: number, pod: number) => `10.${16 + (i >> 8)}.${i & 255}.${pod}`;

/** Its last pod is replaced by a new one. */
function withAnother(endpoints: Endpoints): Endpoints {
  const [subset] = endpoints.subsets ?? [];
  const addresses = [...(subset?.addresses ?? [])];
  const ip = addresses.pop()?.ip ?? "";
  const [a, b, c, pod] = ip.split(".").map(Number);
  addresses.push({ ip: `${a}.${b}.${c}.${(pod ?? 0) + 1}` });
  return { ...endpoints, subsets: [{ ...subset, addresses }] };
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
