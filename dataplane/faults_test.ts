/** What was served before goes on, whatever the kernel refuses afterwards. */
import assert from "node:assert/strict";
import { chooseBackend, type ChosenBackend } from "./choose_backend.ts";
import { ECHO_PORT } from "./echo_pod_contract.ts";
import { exists } from "./host_files.ts";
import { clock, commands, leftovers, missingPieces, PodWorld } from "./pod_world_contract.ts";
import type { Rules, ServiceRule } from "./rules.ts";

const missing = await missingPieces();
if (missing.length > 0) {
  console.log(`faults: skipped, this host lacks ${missing.join(", ")}`);
}

/** More than the kernel's maps take. */
const TOO_MANY = 70_000;
/** An instruction that ends a program, and one that goes on to the next, which the last one must not. */
const EXIT = [0x95, 0, 0, 0, 0, 0, 0, 0];
const GO_ON = [0x05, 0, 0, 0, 0, 0, 0, 0];

interface Scene {
  readonly world: PodWorld;
  readonly web: ServiceRule;
  open(object?: Uint8Array<ArrayBuffer>): Promise<ChosenBackend>;
  /** @throws when the service does not answer a pod and a process of the node */
  served(): Promise<void>;
}

function test(name: string, network: number, body: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name: `faults: ${name}`,
    ignore: missing.length > 0,
    async fn() {
      const world = await PodWorld.create("test-faults", network);
      try {
        await body(await sceneIn(world));
      } finally {
        await world.remove();
        await Deno.remove(world.names.pins, { recursive: true }).catch(() => {});
      }
      assert.deepEqual(await leftovers(world.names), []);
    },
  });
}

async function sceneIn(world: PodWorld): Promise<Scene> {
  await world.addPods(2);
  const { names, cgroup, pods, addresses: { vip } } = world;
  const host = await world.addHost();
  const backends = pods.map(({ ip }) => ({ ip, port: ECHO_PORT }));
  return {
    world,
    web: ruleOf("web", vip, backends),
    open: (object) => {
      const more = object === undefined ? {} : { object };
      return chooseBackend("auto", { names, cgroup, commands, clock, log: () => {}, ...more });
    },
    async served() {
      for (const client of [host, pods[0]!.echo]) {
        await client.askMany({ protocol: "tcp", host: vip, port: 80 }, 20);
      }
    },
  };
}

test(
  "maps that are full leave what was there, and are mended by the next rules",
  8,
  async (scene) => {
    const { web, served } = scene;
    const { backend } = await scene.open();
    assert.equal(backend.name, "ebpf");
    await backend.sync(rulesOf(web));
    await served();
    const more = Array.from(
      { length: TOO_MANY },
      (_, i) => ruleOf(`s${i}`, `10.${110 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`, web.backends),
    );
    await assert.rejects(backend.sync(rulesOf(web, ...more)), /the map is full|more than \d+/);
    await served();
    await backend.sync(rulesOf(web));
    await served();
    await backend.remove();
  },
);

test("a program that the verifier refuses means nftables, without a gap", 9, async (scene) => {
  const { world, web, served } = scene;
  const first = await scene.open();
  await first.backend.sync(rulesOf(web));
  await first.backend.close();

  const second = await scene.open(await refusedObject());
  assert.equal(second.backend.name, "nftables");
  assert.match(second.reason ?? "", /Cannot load the BPF programs: [^]*failed to load: -22/);
  await served(); // by the programs of the first
  await second.backend.sync(rulesOf(web));
  await served();
  assert.equal(await exists(`${world.names.pins}/links`), false, "programs are gone");
  await second.backend.close();

  const third = await scene.open();
  await served(); // by the table of the second
  assert.equal(third.backend.name, "ebpf");
  await third.backend.sync(rulesOf(web));
  await served();
  await third.backend.remove();
});

/** Ours, with programs that have no end. */
async function refusedObject(): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await Deno.readFile(new URL("./bpf/service_lb.bpf.o", import.meta.url));
  for (let at = 0; at + EXIT.length <= bytes.length; at += EXIT.length) {
    if (EXIT.every((byte, i) => bytes[at + i] === byte)) bytes.set(GO_ON, at);
  }
  return bytes;
}

function ruleOf(name: string, address: string, backends: ServiceRule["backends"]): ServiceRule {
  const frontends = [{ address, port: 80, isExternal: false }];
  return { name: `default/${name}:`, protocol: "TCP", frontends, backends, affinitySeconds: 0 };
}

const rulesOf = (...services: ServiceRule[]): Rules => ({ nodeAddresses: [], services });
