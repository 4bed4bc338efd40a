import assert from "node:assert/strict";
import { sourceLine } from "./newer_kubectl.ts";

Deno.test("newer kubectl: comes from where the machine's packages come from", () => {
  const targets = "other main bookworm http://a/\nDebian main bookworm http://b/debian/\n";
  const line = sourceLine(targets);
  assert.match(line, /^deb \[signed-by=\S+\] http:\/\/b\/debian\/ trixie main\n$/);
  assert.throws(() => sourceLine("Debian contrib bookworm http://b/\n"), /no source of Debian/);
});
