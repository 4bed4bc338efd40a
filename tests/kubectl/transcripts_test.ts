import assert from "node:assert/strict";
import { Kubectl } from "../fixtures/kubectl.ts";
import { type KubectlProgram, kubectlsToTest } from "../fixtures/kubectl_versions.ts";
import { startMaster } from "../fixtures/master.ts";
import { commandsOf, play, withEvenColumns } from "./transcript.ts";

const FOLDER = new URL("./transcripts/", import.meta.url);

/** Whose output `NAME.txt` holds; `NAME.1.27.txt` holds what kubectl 1.27 prints where that differs. */
const REFERENCE_MINOR = 32;
/**
 * What every kubectl plays that is here: the commands that differ in what they send. The others are about what the
 * server does with it, and the reference version plays them alone. All of them four times would take a CI too long.
 */
const BY_EVERY_VERSION = [
  ...["apply_and_patch", "auth", "cascades", "configuration", "create_generators"],
  ...["create_get_delete", "edit_and_replace", "patch_and_set", "server_side_apply"],
];
const VARIANT = /\.1\.\d+\.txt$/;

/** Addresses of one length, so that columns are as wide in every run. */
const SERVICE_CIDR = "--service-cidr=10.96.0.112/28";

/** Set by `deno task golden`: transcripts are written anew instead of compared. Read the difference before committing. */
const isRenewing = Deno.env.get("WHERRY_GOLDEN") === "renew";

/** The reference before those that are compared with it. */
const programs = (await kubectlsToTest())
  .sort((a, b) => Number(b.minor === REFERENCE_MINOR) - Number(a.minor === REFERENCE_MINOR));
const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
  .filter((name) => !VARIANT.test(name)).sort();

for (const name of names) {
  const isForAll = BY_EVERY_VERSION.includes(name.replace(/\.txt$/, ""));
  const players = isForAll ? programs : programs.slice(0, 1);
  const versions = players.map(({ minor }) => `1.${minor}`).join(", ");
  Deno.test(`kubectl ${versions} prints what Kubernetes prints: ${name}`, async () => {
    const reference = await Deno.readTextFile(new URL(name, FOLDER));
    for (const program of players) {
      await hold(name, program, await playedBy(program, commandsOf(reference)));
    }
  });
}

async function hold(name: string, { minor }: KubectlProgram, got: string): Promise<void> {
  const reference = new URL(name, FOLDER);
  const variant = new URL(name.replace(/\.txt$/, `.1.${minor}.txt`), FOLDER);
  if (isRenewing) return await renew(reference, variant, minor, got);
  const want = await Deno.readTextFile(variant).catch(() => Deno.readTextFile(reference));
  assert.equal(withEvenColumns(got), withEvenColumns(want), `of kubectl 1.${minor}`);
}

async function playedBy({ path }: KubectlProgram, commands: readonly string[]): Promise<string> {
  const master = await startMaster({ flags: [SERVICE_CIDR] });
  try {
    await using kubectl = await Kubectl.open(master.kubeconfig, path);
    return await play(commands, kubectl);
  } finally {
    await master.stop();
  }
}

/** A variant stays only while it differs. */
async function renew(reference: URL, variant: URL, minor: number, text: string): Promise<void> {
  if (minor === REFERENCE_MINOR) return await Deno.writeTextFile(reference, text);
  if (text !== await Deno.readTextFile(reference)) return await Deno.writeTextFile(variant, text);
  await Deno.remove(variant).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
