import assert from "node:assert/strict";
import { ensureBusyboxImage, ensurePauseImage } from "../images/build.ts";
import { Engine } from "../images/engine.ts";
import { realClock } from "../cmd/clock.ts";
import { DiskLogFiles } from "./host_log_files.ts";
import { DockerRuntime } from "./docker_runtime.ts";
import { testRuntime } from "./runtime_contract.ts";
import { sandboxWith } from "./runtime_fixtures.ts";

const SOCKET = "/var/run/docker.sock";
const CLUSTER = `contract-${Deno.pid}`;

if (hasEngine()) {
  testRuntime("DockerRuntime", async () => {
    const { image, sandboxImage } = await images();
    const logFiles = new DiskLogFiles(realClock);
    const open = () => new DockerRuntime({ cluster: CLUSTER, sandboxImage, logFiles });
    return { open, image, uid: () => crypto.randomUUID() };
  });

  Deno.test("DockerRuntime: leaves the containers of another cluster alone", async () => {
    const { sandboxImage } = await images();
    const other = new DockerRuntime({ cluster: `${CLUSTER}-other`, sandboxImage });
    const pod = { uid: crypto.randomUUID(), namespace: "default", name: "web" };
    const id = await other.createSandbox(sandboxWith({ pod }));
    try {
      const own = new DockerRuntime({ cluster: CLUSTER, sandboxImage });
      assert.ok(!(await own.listContainers()).some((one) => one.id === id));
      assert.deepEqual((await other.listContainers()).map((one) => one.id), [id]);
    } finally {
      await other.remove(id);
    }
  });
} else {
  Deno.test("DockerRuntime: skipped, no engine answers at /var/run/docker.sock", () => {
    assert.notEqual(Deno.env.get("CI"), "true", "the engine is required in CI");
  });
}

function hasEngine(): boolean {
  try {
    return Deno.statSync(SOCKET).isSocket ?? false;
  } catch {
    return false;
  }
}

async function images() {
  const engine = new Engine(`unix://${SOCKET}`);
  try {
    const image = await ensureBusyboxImage(engine);
    return { image, sandboxImage: await ensurePauseImage(engine) };
  } finally {
    engine.close();
  }
}
