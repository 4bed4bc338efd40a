import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { parse } from "yaml";
import { ensureTokens, kubeconfigText, parseTokens, tokenOf } from "./credentials.ts";
import { makeDataDir, pathsOf } from "./paths.ts";

Deno.test("credentials: tokens are made once, for root's eyes only", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const paths = pathsOf(`${folder}/data`);
    await makeDataDir(paths);
    await Deno.mkdir(paths.pki);
    const first = await ensureTokens(paths, "boat");
    deepEqual(await ensureTokens(paths, "boat"), first);
    equal((await Deno.stat(paths.tokens)).mode! & 0o777, 0o600);
    ok(tokenOf(first, "system:node:boat").length > 40);
    equal((await ensureTokens(paths, "ship")).length, 3);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("credentials: reads a static token file as Kubernetes writes it", () => {
  const text = `# ours\nabc,alice,1,"dev,ops"\n\ndef,bob,2\nghi,eve,3,dev\n`;
  deepEqual(parseTokens(text), [
    { token: "abc", user: "alice", uid: "1", groups: ["dev", "ops"] },
    { token: "def", user: "bob", uid: "2", groups: [] },
    { token: "ghi", user: "eve", uid: "3", groups: ["dev"] },
  ]);
  throws(() => parseTokens("abc\n"), /line 1 of the token file/);
});

Deno.test("credentials: the kubeconfig is complete", () => {
  const text = kubeconfigText({
    name: "w",
    server: "https://127.0.0.1:1",
    caPem: "PEM",
    token: "t",
  });
  const config = parse(text);
  equal(config["current-context"], "w");
  equal(config.clusters[0].cluster["certificate-authority-data"], btoa("PEM"));
  equal(config.users[0].user.token, "t");
});
