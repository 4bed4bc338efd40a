import assert from "node:assert/strict";
import { compile } from "../../tools/compile.ts";
import { readIfThere } from "../../cmd/files.ts";
import { pathsOf } from "../../cmd/paths.ts";
import { ensureBusyboxImage } from "../../images/build.ts";
import { Engine } from "../../images/engine.ts";
import { BUSYBOX_IMAGE } from "../../images/recipes.ts";
import { Kubectl } from "../fixtures/kubectl.ts";
import { makeBareRoot } from "../e2e/bare_root.ts";
import { bootRoot } from "../e2e/booted_root.ts";
import { ownFlags } from "../e2e/cluster.ts";
import { hostState } from "../e2e/host_state.ts";
import { eventually } from "../e2e/pods.ts";

Deno.test("a compiled wherry runs where there is neither Deno nor a repository", async (test) => {
  await using own = await ownFlags({});
  const { dataDir, dockerHost } = own.settings;
  const engine = new Engine(dockerHost);
  await ensureBusyboxImage(engine);
  engine.close();
  await using root = await makeBareRoot(dataDir, dockerHost.slice("unix://".length), ["systemd"]);
  await Deno.mkdir(`${root.folder}/usr/local/bin`, { recursive: true });
  await compile(`${root.folder}/opt-wherry`);
  const wherry = (...args: string[]) => root.run("/opt-wherry", ...args);

  await test.step("it unpacks itself once, and says its version", async () => {
    assert.match(await wherry("version"), /^wherry \d/);
    const caches = () => [...Deno.readDirSync(`${root.folder}/var/cache/wherry`)].length;
    assert.equal(caches(), 1);
    await wherry("version");
    assert.equal(caches(), 1);
  });

  await test.step("master and agent run from it, and a pod in them", async () => {
    const flags = [...own.flags, "--docker-host=unix:///engine.sock"];
    const ofCluster = async () =>
      (await hostState("none of it")).filter((line) => line.includes(own.settings.clusterName));
    const before = await ofCluster();
    try {
      const installed = flags.filter((flag) => flag !== "--no-example");
      assert.match(await wherry("install", ...installed), /no service manager runs here/);
      await wherry("up", ...flags);
      await using kubectl = await Kubectl.open(pathsOf(dataDir).kubeconfig);
      await runPod(kubectl);
      await wherry("snapshot", `--file=${dataDir}/copy.db`, ...flags);
      assert.ok((await Deno.stat(`${dataDir}/copy.db`)).size > 0);
      await wherry("export", `--file=${dataDir}/all.txt`, ...flags);
    } finally {
      await wherry("uninstall");
    }
    assert.deepEqual(await ofCluster(), before);
    assert.equal(await readIfThere(`${root.folder}/etc/wherry/agent.env`), undefined);
    assert.ok((await Deno.stat(pathsOf(dataDir).store)).size > 0, "the data stays");
  });

  await test.step("what it exported fills the empty store of another cluster", async () => {
    const text = await Deno.readTextFile(`${dataDir}/all.txt`);
    assert.match(text, /"name":"one"/);
    const other = ["--data-dir=/other"];
    await wherry("import", `--file=${dataDir}/all.txt`, ...other);
    await wherry("export", "--file=/again.txt", ...other);
    const named = (written: string) => written.split("\n").filter((line) => line !== "").length;
    assert.equal(named(await Deno.readTextFile(`${root.folder}/again.txt`)), named(text));
    const again = root.run("/opt-wherry", "import", `--file=${dataDir}/all.txt`, ...other);
    await assert.rejects(again, /Cannot fill a ledger that is at \d+/);
  });

  await test.step("install lays it down as services, and uninstall takes all of it away", async () => {
    const prepared = `${root.folder}/prepared`;
    await Deno.mkdir(prepared);
    const before = await filesBelow(prepared);
    const install = () => wherry("install", "--root=/prepared", "--role=agent", "--node-name=boat");
    await install();
    const environment = await readIfThere(`${prepared}/etc/wherry/agent.env`);
    assert.match(environment ?? "", /^WHERRY_FLAGS="--node-name=boat"$/m);
    const files = await filesBelow(prepared);
    assert.deepEqual(files, [
      "/etc/systemd/system/multi-user.target.wants/wherry-agent.service",
      "/etc/systemd/system/wherry-agent.service",
      "/etc/wherry/agent.env",
      "/usr/local/bin/wherry",
    ]);
    assert.match(await root.run("/prepared/usr/local/bin/wherry", "version"), /^wherry \d/);
    assert.match(await install(), /0 of 4 are new/);
    await wherry("uninstall", "--root=/prepared");
    await wherry("uninstall", "--root=/prepared");
    assert.deepEqual(await filesBelow(prepared), before);
  });

  await test.step("an installed master starts with systemd, and again after its death", async () => {
    const { advertiseAddress, apiPort } = own.settings;
    const own_ = own.flags.filter((flag) => !/^--(no-example|data-dir)/.test(flag));
    await wherry("install", "--role=master", "--data-dir=/var/lib/wherry", ...own_);
    await using _booted = await bootRoot(root.folder);
    const answers = () =>
      eventually(async () => {
        const url = `https://${advertiseAddress}:${apiPort}/readyz`;
        const asked = new Deno.Command("curl", { args: ["-sSk", "-m", "10", url] });
        const { stdout, stderr } = await asked.output();
        const text = new TextDecoder().decode(stdout);
        return text === "ok" ? "" : text + new TextDecoder().decode(stderr);
      });
    await answers();
    const first = await masterOf(root.folder);
    assert.ok(first !== undefined);
    Deno.kill(first, "SIGKILL");
    await eventually(async () => {
      const second = await masterOf(root.folder);
      return second === undefined || second === first ? "no second master" : "";
    });
    await answers();
  });
});

/** As this host numbers it: the process below this root that is the master. */
async function masterOf(folder: string): Promise<number | undefined> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const command = (await Deno.readTextFile(`/proc/${name}/cmdline`)).split("\0");
      const root = await Deno.readLink(`/proc/${name}/root`);
      if (root === folder && command.includes("master")) return Number(name);
    } catch {
      // it has just ended
    }
  }
}

async function runPod(kubectl: Kubectl): Promise<void> {
  const command = ["--command", "--", "sh", "-c", "echo it runs; sleep 3600"];
  await kubectl.run("run", "one", "--restart=Never", `--image=${BUSYBOX_IMAGE}`, ...command);
  await kubectl.run("wait", "--for=condition=Ready", "pod/one", "--timeout=60s");
  assert.equal(await kubectl.run("logs", "one"), "it runs\n");
}

/** Files and links, sorted, without the folders that only hold them. */
async function filesBelow(folder: string, path = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${folder}${path}`)) {
    const below = `${path}/${name}`;
    if (isDirectory) found.push(...await filesBelow(folder, below));
    else found.push(below);
  }
  return found.sort();
}
