import { ArrivalsBackend } from "./arrivals_backend.ts";
import { testBackend } from "./backend_contract.ts";
import { EbpfBackend } from "./ebpf_backend.ts";
import { Libbpf } from "./libbpf.ts";
import { NftablesBackend } from "./nftables_backend.ts";
import { PodPath } from "./pod_path.ts";
import { clock, commands, missingPieces, type PodWorld } from "./pod_world_contract.ts";

const missing = await missingPieces(lacksOfLibbpf());

function lacksOfLibbpf(): string[] {
  try {
    Libbpf.load();
    return [];
  } catch (error) {
    return [String(error)];
  }
}

async function open(world: PodWorld) {
  const { names, cgroup, network } = world;
  const options = { names, cgroup, commands, clock, log: () => {} };
  const backend = new ArrivalsBackend(
    await EbpfBackend.open(options),
    new NftablesBackend(options),
  );
  const path = await PodPath.open(names);
  await network.usePath(path);
  await path.setUplinks([world.outsideLink()]);
  return backend;
}

if (missing.length > 0) {
  console.log(`ebpf: the backend contract is skipped, this host lacks ${missing.join(", ")}`);
} else {
  testBackend({ name: "ebpf", network: 0, isAtConnect: true, open });
}
