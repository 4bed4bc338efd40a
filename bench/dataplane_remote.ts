/** A node port of one node whose pod is on another: two nodes and a client outside, each with a network of its own. */
import { makeBed, makePlace, type Place, removeBed, runIn } from "../tests/fixtures/bed/place.ts";
import { type Kind, LOAD_PORT } from "./dataplane_load.ts";
import type { PlaceTask } from "./dataplane_place.ts";
import { compare, type Compared, Loader } from "./dataplane_traffic.ts";

const PLACE = new URL("./dataplane_place.ts", import.meta.url).pathname;
const CLUSTER = "bench-remote";
const CLUSTER_CIDR = "10.198.0.0/16";
const NODE_PORT = 30_197;
/** The first address that a pod gets. */
const POD = "10.198.2.2";
const LONG = { rounds: 15, ms: 400 };
const KINDS: readonly Kind[] = ["connect", "close", "keep-alive", "throughput"];

/** Beside the pod's own address, to which the client goes by way of the pod's node. */
export async function remoteNodePort(): Promise<Compared[]> {
  const bed = await makeBed();
  const children: Deno.ChildProcess[] = [];
  const loaders: Loader[] = [];
  try {
    const entry = await makePlace(bed, "n1", 11);
    const home = await makePlace(bed, "n2", 12);
    const nodes = [entry, home].map(({ address }, i) => ({
      ...{ name: `n${i + 1}`, address },
      podCidr: `10.198.${i + 1}.0/24`,
    }));
    for (const [i, place] of [entry, home].entries()) {
      children.push(
        await startPlace(place, {
          ...{ cluster: CLUSTER, clusterCidr: CLUSTER_CIDR, cgroup: place.cgroup },
          ...{ self: nodes[i]!, peer: nodes[1 - i]!, hasPod: i === 1 },
          ...{ nodePort: NODE_PORT, backend: { ip: POD, port: LOAD_PORT } },
        }),
      );
    }
    const wire = { ...entry, name: bed.wire };
    await runIn(wire, "ip", "route", "add", "10.198.2.0/24", "via", home.address);
    const client = await Loader.startIn(`/run/netns/${bed.wire}`, `${entry.cgroup}/host`);
    loaders.push(client);
    const direct = { host: POD, port: LOAD_PORT };
    const through = { host: entry.address, port: NODE_PORT };
    const compared: Compared[] = [];
    for (const kind of KINDS) {
      compared.push(await compare(client, [bed.cgroup], kind, { direct, through }, LONG));
    }
    return compared;
  } finally {
    for (const loader of loaders) await loader.stop();
    for (const child of children) {
      child.kill("SIGKILL");
      await child.status;
    }
    await removeBed(bed);
  }
}

/** With pins of its own, as on a host of its own. */
async function startPlace(place: Place, task: PlaceTask): Promise<Deno.ChildProcess> {
  const mounts = "mount --make-rprivate /sys && mount -t bpf bpf /sys/fs/bpf";
  const script = `echo $$ > ${place.cgroup}/host/cgroup.procs && ${mounts} && exec "$@"`;
  const deno = [Deno.execPath(), "run", "--no-lock", "-A", PLACE, JSON.stringify(task)];
  const child = new Deno.Command("nsenter", {
    args: [
      `--net=/run/netns/${place.name}`,
      ...["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", ...deno],
    ],
    stdout: "piped",
  }).spawn();
  const { value = "" } = await child.stdout.pipeThrough(new TextDecoderStream()).getReader()
    .read();
  if (!value.includes("ready")) throw new Error(`Cannot measure: ${place.name} does not start`);
  return child;
}
