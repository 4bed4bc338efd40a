import assert from "node:assert/strict";
import { chooseBackend } from "./choose_backend.ts";
import { clock, commands, leftovers, missingPieces, PodWorld } from "./pod_world_contract.ts";

const missing = await missingPieces();
const hasBpftool = missing.length === 0 && await commands.has("bpftool");
if (!hasBpftool) {
  console.log(`choose_backend: skipped, this host lacks ${[...missing, "bpftool"].join(", ")}`);
}

Deno.test({
  name: "chooseBackend: a hook that another program holds alone means nftables, and says who",
  ignore: !hasBpftool,
  async fn() {
    const world = await PodWorld.create("test-choose", 3);
    const { names, cgroup } = world;
    const options = { names, cgroup, commands, clock, log: () => {} };
    const pins = "/sys/fs/bpf/test-choose-other";
    try {
      const first = await chooseBackend("auto", options);
      assert.deepEqual([first.backend.name, first.reason], ["ebpf", undefined]);
      await first.backend.remove();

      const object = new URL("./bpf/service_lb.bpf.o", import.meta.url).pathname;
      await commands.run("bpftool", ["prog", "loadall", object, pins]);
      const program = ["pinned", `${pins}/service_connect4`];
      await commands.run("bpftool", ["cgroup", "attach", cgroup, "connect4", ...program]);
      const second = await chooseBackend("auto", options);
      assert.equal(second.backend.name, "nftables");
      assert.match(second.reason ?? "", /Cannot attach connect4 .* program \d+ on .* no other/);
      await second.backend.remove();
      await assert.rejects(chooseBackend("ebpf", options), /Cannot attach connect4/);
    } finally {
      await Deno.remove(pins, { recursive: true }).catch(() => {});
      await world.remove();
      await Deno.remove(names.pins, { recursive: true }).catch(() => {});
    }
    assert.deepEqual(await leftovers(names), []);
  },
});

Deno.test({
  name: "chooseBackend: the one that is asked for, and no other",
  ignore: !hasBpftool,
  async fn() {
    const world = await PodWorld.create("test-choose", 3);
    const { names, cgroup } = world;
    try {
      const options = { names, cgroup, commands, clock, log: () => {} };
      const { backend, reason } = await chooseBackend("nftables", options);
      assert.deepEqual([backend.name, reason], ["nftables", undefined]);
      await backend.remove();
    } finally {
      await world.remove();
    }
  },
});
