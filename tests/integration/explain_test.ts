import assert from "node:assert/strict";
import { adviser } from "../../cmd/advice.ts";
import type { KubeApi } from "../../api/http/app.ts";
import { startApi } from "./harness.ts";

Deno.test("explain and whatif: answered below /apis/wherry.dev/v1, as JSON and as text", async () => {
  const made: { api?: KubeApi } = {};
  const advise = adviser(() => made.api!.reads);
  await using server = await startApi({ advise });
  made.api = server.api;
  const pods = "/api/v1/namespaces/default/pods";
  await server.call("POST", "/api/v1/nodes", {
    kind: "Node",
    metadata: { name: "n1" },
    spec: {},
    status: {
      allocatable: { cpu: "1", memory: "1Gi", pods: "10" },
      conditions: [{ type: "Ready", status: "True" }],
    },
  });
  const container = { name: "c", image: "i", resources: { requests: { cpu: "2" } } };
  await server.call("POST", pods, { metadata: { name: "big" }, spec: { containers: [container] } });
  const path = "/apis/wherry.dev/v1/namespaces/default/pods/big/explain";
  const { code, body } = await server.call("GET", path);
  assert.deepEqual([code, body.kind], [200, "PodExplanation"]);
  const text = await (await server.raw("GET", `${path}?output=text`)).text();
  assert.match(text, /free 1000m cpu on node n1/);
  const gone = await server.call("GET", "/apis/wherry.dev/v1/nodes/n1/whatif?gone=true");
  assert.deepEqual([gone.code, gone.body.moves], [200, []]);
  const wrong = await server.call("GET", "/apis/wherry.dev/v1/nodes/n1/whatif");
  assert.equal(wrong.code, 400);
  const none = await server.call("GET", path.replace("big", "none"));
  assert.equal(none.code, 404);
  const unknown = await server.call("GET", "/apis/wherry.dev/v1/nothing");
  assert.equal(unknown.code, 404);
  const list = await server.call("GET", "/apis/wherry.dev/v1");
  assert.equal(list.body.kind, "APIResourceList");
});
