import assert from "node:assert/strict";
import type { PodExplanation } from "../../scheduler/explain.ts";
import { nodeWith, podWith } from "../../scheduler/fake_world.ts";
import { type Master, startMaster } from "../fixtures/master.ts";

async function withPolicy(policy: object): Promise<{ file: string; flags: string[] }> {
  const file = await Deno.makeTempFile({ prefix: "wherry-policy-", suffix: ".json" });
  await Deno.writeTextFile(file, JSON.stringify(policy));
  return { file, flags: [`--policy-config-file=${file}`] };
}

async function make(master: Master, path: string, object: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(object);
  const answer = await master.fetch(path, { method: "POST", headers, body });
  const text = await answer.text();
  assert.ok(answer.ok, text);
}

/** The node of the first pod that gets one. */
async function placed(master: Master): Promise<string> {
  const answer = await master.fetch("/api/v1/pods?watch=true&timeoutSeconds=60");
  let text = "";
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const found = /"nodeName":"([^"]+)"/.exec(text);
    if (found !== null) return found[1]!;
  }
  throw new Error(`No pod got a node: ${text}`);
}

/** What speaks against the node for this pod, as the master explains it. */
async function objectionsTo(master: Master, node: string, pod: string): Promise<string[]> {
  const path = `/apis/wherry.dev/v1/namespaces/default/pods/${pod}/explain`;
  const { nodes } = await (await master.fetch(path)).json() as PodExplanation;
  const found = nodes.find(({ name }) => name === node);
  return found?.objections.map(({ predicate }) => predicate) ?? [];
}

Deno.test("scheduler: a master goes by the policy file that it is given", async () => {
  const { file, flags } = await withPolicy({
    kind: "Policy",
    predicates: [{
      name: "NotRetiring",
      argument: { labelsPresence: { labels: ["retiring"], presence: false } },
    }],
  });
  const master = await startMaster({ flags });
  try {
    await make(master, "/api/v1/nodes", nodeWith("a", { labels: { retiring: "" }, cpu: "64" }));
    await make(master, "/api/v1/nodes", nodeWith("b"));
    const tolerations = [{ operator: "Exists" as const }];
    await make(
      master,
      "/api/v1/namespaces/default/pods",
      podWith("one", { spec: { tolerations }, container: { image: "web:1" } }),
    );
    assert.equal(await placed(master), "b");
    assert.deepEqual(await objectionsTo(master, "a", "one"), ["NotRetiring"]);
  } finally {
    await master.stop();
    await Deno.remove(file);
  }
});

Deno.test("scheduler: a master whose policy file is wrong ends, and says all that is", async () => {
  const { file, flags } = await withPolicy({
    predicates: [{ name: "PodFitsResorces" }],
    priorities: [{ name: "EqualPriority", weight: -1 }],
  });
  await assert.rejects(startMaster({ flags }), (error: Error) => {
    for (const word of [file, "PodFitsResorces", "predicates[0].name", "priorities[0].weight"]) {
      assert.ok(error.message.includes(word), error.message);
    }
    return true;
  });
  await Deno.remove(file);
});
