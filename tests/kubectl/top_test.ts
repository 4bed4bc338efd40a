/** `kubectl top` of every kubectl that is here, against an API whose agents say the same figures each time. */
import assert from "node:assert/strict";
import { Kubectl } from "../fixtures/kubectl.ts";
import { kubectlsToTest } from "../fixtures/kubectl_versions.ts";
import { ADMIN_TOKEN } from "../integration/harness.ts";
import { MeteredNodes } from "../integration/metered_nodes.ts";

/** Commands and their rows, with single spaces; headings are spelled differently by different versions. */
const COMMANDS: [command: string, rows: string[]][] = [
  ["top node", ["n1 250m 25% 1Mi 25%", "n2 250m 25% 1Mi 25%"]],
  ["top node n2", ["n2 250m 25% 1Mi 25%"]],
  ["top node --sort-by=memory", ["n1 250m 25% 1Mi 25%", "n2 250m 25% 1Mi 25%"]],
  ["top pod", ["web-n1 2m 0Mi", "web-n2 2m 0Mi"]],
  ["top pod -A -l on=n2", ["default web-n2 2m 0Mi"]],
  ["top pod web-n1 --containers", ["web-n1 a 2m 0Mi", "web-n1 b 0m 0Mi"]],
  ["top pod --sum", ["web-n1 2m 0Mi", "web-n2 2m 0Mi", "________ ________", "3m 0Mi"]],
  ["top pod -n kube-system", []],
];

Deno.test("kubectl top: nodes, pods and containers, in every form", async () => {
  await using nodes = await MeteredNodes.open(["n1", "n2"]);
  await using served = serve(nodes);
  for (const { path, minor } of await kubectlsToTest()) {
    await using kubectl = await Kubectl.open("/dev/null", path);
    for (const [command, rows] of COMMANDS) {
      const { code, stdout, stderr } = await kubectl.shell(
        `kubectl --server=${served.url} ${command}`,
      );
      const lines = stdout.trim().split("\n").map((line) => line.trim().replace(/\s+/g, " "));
      assert.deepEqual([code, lines.slice(1)], [0, rows], `1.${minor} ${command}: ${stderr}`);
    }
  }
});

Deno.test("kubectl top: says what it has no figures of", async () => {
  await using nodes = await MeteredNodes.open(["n1"]);
  nodes.says.set("n1", "{}");
  await using served = serve(nodes);
  await using kubectl = await Kubectl.open("/dev/null");
  const { code, stderr } = await kubectl.shell(`kubectl --server=${served.url} top pod web-n1`);
  assert.equal(code, 1);
  assert.match(stderr, /podmetrics\.metrics\.k8s\.io "default\/web-n1" not found/);
});

/** Over plain HTTP kubectl sends no token. */
function serve({ api }: MeteredNodes) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const headers = new Headers(request.headers);
    headers.set("authorization", `Bearer ${ADMIN_TOKEN}`);
    return api.api.fetch(new Request(request, { headers }));
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
