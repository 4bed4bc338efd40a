import assert from "node:assert/strict";
import { checksumsOf } from "../tools/build_bpf.ts";

Deno.test("bpf: the committed object is the one of its sources", async () => {
  const recorded = new URL("./bpf/service_lb.bpf.sha256", import.meta.url);
  assert.equal(
    await checksumsOf("service_lb"),
    await Deno.readTextFile(recorded),
    "dataplane/bpf has changed: run `deno task bpf` and commit the object with it",
  );
});
