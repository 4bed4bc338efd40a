import assert from "node:assert/strict";
import { startMaster } from "../fixtures/master.ts";

const GETS = 150;

/** What a client does that ends in the middle of things: its last word on HTTP/2 is a GOAWAY. */
const CLIENT = `
  const [url, token, ca] = Deno.args;
  const client = Deno.createHttpClient({ caCerts: [ca] });
  const headers = { authorization: "Bearer " + token, "content-type": "application/json" };
  const call = async (method, path, body) => {
    const response = await fetch(url + path, { method, client, headers, body });
    await response.text();
    return response.status;
  };
  const maps = "/api/v1/namespaces/default/configmaps";
  for (let i = 0; i < ${GETS}; i += 1) await call("GET", maps + "/x" + i);
  const map = (size) => JSON.stringify({ metadata: { name: "b" }, data: { a: "x".repeat(size) } });
  console.log(await call("POST", maps, map(3 * 1024 * 1024 + 10)), await call("POST", maps, map(1_200_000)));
`;

Deno.test("a client that ends after bodies that were too large leaves the master as it is", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "wherry-test-" });
  const script = await Deno.makeTempFile({ suffix: ".js" });
  await Deno.writeTextFile(script, CLIENT);
  const master = await startMaster({ dataDir });
  try {
    for (let round = 0; round < 3; round += 1) {
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-config", "-A", script, master.url, master.token, master.ca],
        stderr: "inherit",
      }).output();
      assert.equal(new TextDecoder().decode(stdout).trim(), "413 422");
      const response = await master.fetch("/readyz");
      assert.equal(await response.text(), "ok");
    }
  } finally {
    await master.stop();
    await Deno.remove(script);
  }
});
