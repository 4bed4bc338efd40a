import assert from "node:assert/strict";
import { Kubectl } from "../fixtures/kubectl.ts";
import { startMaster } from "../fixtures/master.ts";
import { commandsOf, play, withEvenColumns } from "./transcript.ts";

const FOLDER = new URL("./transcripts/", import.meta.url);

/** Addresses of one length, so that columns are as wide in every run. */
const SERVICE_CIDR = "--service-cidr=10.96.0.112/28";

/** Set by `deno task golden`: transcripts are written anew instead of compared. Read the difference before committing. */
const isRenewing = Deno.env.get("WHERRY_GOLDEN") === "renew";

const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();

for (const name of names) {
  Deno.test(`kubectl prints what Kubernetes prints: ${name}`, async () => {
    const path = new URL(name, FOLDER);
    const want = await Deno.readTextFile(path);
    const master = await startMaster({ flags: [SERVICE_CIDR] });
    try {
      await using kubectl = await Kubectl.open(master.kubeconfig);
      const got = await play(commandsOf(want), kubectl);
      if (isRenewing) return await Deno.writeTextFile(path, got);
      assert.equal(withEvenColumns(got), withEvenColumns(want));
    } finally {
      await master.stop();
    }
  });
}
