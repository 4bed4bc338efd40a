import assert from "node:assert/strict";
import { checksumsOf, PROGRAMS } from "../tools/build_bpf.ts";

for (const name of PROGRAMS) {
  Deno.test(`bpf: the committed object is the one of its sources: ${name}`, async () => {
    const recorded = new URL(`./bpf/${name}.bpf.sha256`, import.meta.url);
    assert.equal(
      await checksumsOf(name),
      await Deno.readTextFile(recorded),
      "dataplane/bpf has changed: run `deno task bpf` and commit the object with it",
    );
  });
}
