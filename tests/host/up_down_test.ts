import assert from "node:assert/strict";
import { pathsOf } from "../../cmd/paths.ts";
import { runningProcess } from "../../cmd/processes.ts";
import { Kubectl } from "../fixtures/kubectl.ts";
import { ownFlags } from "../e2e/cluster.ts";
import { hostState } from "../e2e/host_state.ts";
import { command, difference, run, wherry } from "./wherry.ts";

const STEPS = [
  ...["host", "container engine", "certificates", "master", "agent", "example image"],
  ...["examples/web.yaml", "pods", "service"],
];

Deno.test("up and down: twice is harmless, data stays, and the host is left as it was", async (t) => {
  await using own = await ownFlags({ example: true });
  const { settings, flags } = own;
  const before = await hostState(settings.clusterName);
  const folder = settings.dataDir;
  await using kubectl = await Kubectl.open(`${folder}/kubeconfig`);
  try {
    await t.step("up prints every step with its time, and how to go on", async () => {
      const { code, stdout, stderr } = await wherry("up", flags);
      assert.equal(code, 0, stderr);
      for (const step of STEPS) assert.match(stdout, new RegExp(`✓ ${step} +\\d+\\.\\d+ s  \\S`));
      assert.match(stdout, new RegExp(`export KUBECONFIG=${folder}/kubeconfig`));
      assert.match(stdout, /deno task down/);
    });
    await t.step("the kubeconfig is for root alone", async () => {
      const { mode } = await Deno.stat(`${folder}/kubeconfig`);
      assert.equal((mode ?? 0) & 0o777, 0o600);
    });
    await t.step("up again changes nothing", async () => {
      const pods = await uids(kubectl);
      assert.equal((await wherry("up", flags)).code, 0);
      assert.deepEqual(await uids(kubectl), pods);
    });
    await t.step("a second master on the same data is refused in one sentence", async () => {
      const { code, stderr } = await wherry("master", [...flags, "--api-port=1", "--agent-port=2"]);
      assert.equal(code, 1);
      assert.match(stderr.trim(), /^[^\n]*(process|master|running)[^\n]*\d+[^\n]*$/i);
    });
    await t.step("down takes everything away but the data", async () => {
      await kubectl.run("create", "-f", "tests/kubectl/manifests/config.yaml");
      assert.equal((await wherry("down", flags)).code, 0);
      assert.deepEqual(difference(before, await hostState(settings.clusterName)), []);
      assert.ok((await Deno.stat(folder)).isDirectory);
    });
    await t.step("up after down goes on with the data", async () => {
      assert.equal((await wherry("up", flags)).code, 0);
      assert.match(await kubectl.run("get", "configmaps"), /settings/);
    });
    await t.step("up after a crash of both processes goes on", async () => {
      for (const name of ["master", "agent"] as const) {
        const running = await runningProcess(pathsOf(folder).pidFile(name));
        assert.ok(running, `the ${name} runs`);
        Deno.kill(running.pid, "SIGKILL");
      }
      const { code, stderr } = await wherry("up", flags);
      assert.equal(code, 0, stderr);
      assert.match(await kubectl.run("get", "configmaps"), /settings/);
    });
  } finally {
    const { code } = await wherry("down", [...flags, "--purge"]);
    assert.equal(code, 0);
  }
  await t.step("down --purge deletes the data too", async () => {
    await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
    assert.deepEqual(difference(before, await hostState(settings.clusterName)), []);
  });
});

Deno.test("a host that cannot run a cluster hears what it lacks, a sentence each", async () => {
  const flags = ["--data-dir=/proc/nowhere", "--cluster-name=lacking", "--no-example"];
  const { code, stderr, stdout } = await run("setpriv", [
    ...["--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=/tmp"],
    ...command("up", flags),
  ]);
  assert.equal(code, 1);
  assert.match(stderr + stdout, /\broot\b/);
});

async function uids(kubectl: Kubectl): Promise<string> {
  return await kubectl.run("get", "pods", "-o", "jsonpath={.items[*].metadata.uid}");
}
