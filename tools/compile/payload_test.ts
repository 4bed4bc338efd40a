import assert from "node:assert/strict";
import { addressesIn, filesBeside, SHIPPED } from "./payload.ts";

Deno.test("compile: what modules open by their address comes along", async () => {
  const { entries, files } = await filesBeside(SHIPPED);
  assert.deepEqual(entries, ["cmd/relay.ts"]);
  for (
    const file of ["dataplane/bpf/service_lb.bpf.o", "examples/web.yaml", "images/pause/pause"]
  ) {
    assert.ok(files.includes(file), `${file} is missing from ${files}`);
  }
});

Deno.test("compile: addresses that another folder would read differently are refused", () => {
  const reads = (address: string) => `const X = new URL("${address}", import.meta.url);`;
  assert.deepEqual(addressesIn("cmd/x.ts", reads("../examples/web.yaml")), ["examples/web.yaml"]);
  assert.throws(() => addressesIn("cmd/x.ts", reads("./beside.ts")), /cmd\/x.ts: "\.\/beside.ts"/);
  assert.throws(() => addressesIn("agent/spdy/x.ts", reads("../x.bin")), /agent\/spdy/);
});
