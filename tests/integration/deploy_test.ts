import assert from "node:assert/strict";
import { dirname } from "node:path/posix";
import { planInstall, ROLES, serviceOf } from "../../cmd/installation.ts";

const DEPLOY = new URL("../../deploy/", import.meta.url).pathname;
/** Units that ours name. */
const SYSTEM_UNITS = "/usr/lib/systemd/system";
const ANALYZE = "/usr/bin/systemd-analyze";
const hasSystemd = await Deno.stat(ANALYZE).then(() => true, () => false);

Deno.test({
  name: `deploy: systemd takes the units as they are installed${
    hasSystemd ? "" : ` (skipped: no ${ANALYZE})`
  }`,
  ignore: !hasSystemd,
  async fn() {
    await using root = await installed("systemd");
    assert.equal(await complaints(root.path), "");
    const unit = `${root.path}/etc/systemd/system/${serviceOf("agent")}.service`;
    const text = await Deno.readTextFile(unit);
    await Deno.writeTextFile(unit, text.replace("Delegate=", "Delegat="));
    assert.match(await complaints(root.path), /Unknown key 'Delegat'/);
  },
});

/** An Upstart that would read them is in no package any more: the shell at least takes their scripts. */
Deno.test("deploy: the scripts of upstart jobs are shell, and start what is installed", async () => {
  await using root = await installed("upstart");
  for (const role of ROLES) {
    const job = await Deno.readTextFile(`${root.path}/etc/init/${serviceOf(role)}.conf`);
    const scripts = [...job.matchAll(/^(?:pre-start )?script\n([^]*?)^end script$/gm)];
    assert.equal(scripts.length, 2);
    for (const [, script = ""] of scripts) await shellTakes(script);
    assert.match(scripts[1]?.[1] ?? "", new RegExp(`exec /usr/local/bin/wherry ${role} `));
    assert.match(job, /^respawn$/m);
    assert.match(job, /^start on /m);
    assert.match(job, /^stop on /m);
  }
});

async function installed(manager: "systemd" | "upstart") {
  const path = await Deno.makeTempDir({ prefix: "wherry-root-" });
  const names = [...Deno.readDirSync(DEPLOY)].map(({ name }) => name);
  const services = new Map(names.map((name) => [name, Deno.readTextFileSync(DEPLOY + name)]));
  const wish = { roles: ROLES, manager, program: "/bin/true", flags: [], services };
  for (const one of planInstall({ ...wish, environments: new Map() })) {
    const place = path + one.path;
    await Deno.mkdir(dirname(place), { recursive: true });
    if ("text" in one) await Deno.writeTextFile(place, one.text, { mode: one.mode });
    else if ("copyOf" in one) await Deno.copyFile(one.copyOf, place);
    else await Deno.symlink(one.linkTo, place);
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function complaints(root: string): Promise<string> {
  const units = `${root}${SYSTEM_UNITS}`;
  await Deno.mkdir(dirname(units), { recursive: true });
  await run("cp", "-a", SYSTEM_UNITS, dirname(units));
  const names = ROLES.map((role) => `${serviceOf(role)}.service`);
  return await run(ANALYZE, "verify", "--man=no", `--root=${root}`, ...names);
}

async function shellTakes(script: string): Promise<void> {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, script);
  assert.equal(await run("sh", "-n", file), "");
  await Deno.remove(file);
}

/** @returns what it complained of */
async function run(program: string, ...args: string[]): Promise<string> {
  const { stderr } = await new Deno.Command(program, { args }).output();
  return new TextDecoder().decode(stderr);
}
