/**
 * A node of the benchmark of node ports, without agent and engine: `deno run -A dataplane_place.ts JSON` lays down
 * what an agent would, in the network that it runs in, with a pod that answers where one is asked for.
 */
import { EbpfBackend } from "../dataplane/ebpf_backend.ts";
import { namesOf } from "../dataplane/names.ts";
import { endOf, type OverlayNode, planOverlay } from "../dataplane/overlay_plan.ts";
import { readOverlay } from "../dataplane/overlay_state.ts";
import { PodNetwork } from "../dataplane/pod_network.ts";
import { PodPath } from "../dataplane/pod_path.ts";
import { clock, commands, EchoProcess } from "../dataplane/pod_world_contract.ts";
import type { PodAddress } from "../dataplane/rules.ts";
import { serveIn } from "./dataplane_traffic.ts";

export interface PlaceTask {
  readonly cluster: string;
  readonly clusterCidr: string;
  readonly cgroup: string;
  readonly self: OverlayNode;
  readonly peer: OverlayNode;
  readonly hasPod: boolean;
  readonly nodePort: number;
  readonly backend: PodAddress;
}

const MTU = 1_450;
const log = () => {};

async function main(task: PlaceTask): Promise<void> {
  const { cluster, clusterCidr, cgroup, self, peer, nodePort, backend } = task;
  const names = namesOf(cluster);
  const options = { names, commands, log };
  const network = await PodNetwork.open({
    ...{ ...options, clusterCidr, mtu: MTU },
    ...{ podCidr: self.podCidr, nodeIp: self.address },
  });
  const services = await EbpfBackend.open({ ...options, clock, cgroup });
  const path = await PodPath.open(names);
  await network.usePath(path);
  const wish = { names, mode: "vxlan" as const, clusterCidr, self, peers: [peer], mtu: MTU };
  const { ip, bridge } = planOverlay(wish, await readOverlay(names, commands, clusterCidr));
  await commands.run("ip", ["-batch", "-"], `${ip.join("\n")}\n`);
  await commands.run("bridge", ["-batch", "-"], `${bridge.join("\n")}\n`);
  const nextHop = endOf(peer.podCidr);
  const ways = [peer.podCidr, peer.address].map((cidr) => ({ cidr, nextHop }));
  await path.setPeers(names.overlayLink, ways);
  await path.setUplinks(["eth0"]);
  if (task.hasPod) await addPod(network, `${cgroup}/host`);
  const frontends = [{ port: nodePort, isExternal: true }];
  const rule = { name: "bench/web:", protocol: "TCP" as const, affinitySeconds: 0 };
  await services.sync({
    nodeAddresses: [self.address],
    services: [{ ...rule, frontends, backends: [backend] }],
  });
  console.log("ready");
  await new Promise((resolve) => setTimeout(resolve, 2 ** 30)); // until it is killed
}

async function addPod(network: PodNetwork, cgroup: string): Promise<void> {
  const echo = new EchoProcess("pod", cgroup);
  await echo.ready();
  const pod = { uid: "pod", namespace: "default", name: "pod" };
  const { ip } = await network.attach(pod, echo.child.pid);
  await serveIn({ uid: "pod", ip, echo }, cgroup);
}

if (import.meta.main) await main(JSON.parse(Deno.args[0] ?? "{}"));
