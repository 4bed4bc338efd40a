/** The plugin of kubectl in deploy/, typed as a user types it, against a master of its own. */
import assert from "node:assert/strict";
import { Kubectl } from "../fixtures/kubectl.ts";
import { startMaster } from "../fixtures/master.ts";

const DEPLOY = new URL("../../deploy", import.meta.url).pathname;

const NODE = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "n1", labels: { disk: "ssd" } },
  status: {
    allocatable: { cpu: "2", memory: "4Gi", pods: "10" },
    conditions: [{ type: "Ready", status: "True" }],
  },
};

/** A command, and what it prints, in this order. */
const ASKED: readonly { command: string; prints: readonly RegExp[] }[] = [
  {
    command: "kubectl why pod big",
    prints: [
      /^Pod default\/big: 0\/1 nodes are available: 1 Insufficient cpu/m,
      /^- n1 {2}PodFitsResources: Insufficient cpu \(cpu: 4000m wanted, 2000m free, 2000m missing\)$/m,
      /^ {2}- free 2000m cpu on node n1$/m,
      /^comes from$/m,
      /^ {2}Pod big, created by kubectl/m,
    ],
  },
  {
    command: "kubectl why deploy/web",
    prints: [/^Deployment default\/web$/m, /changed by kubectl/, /spec\.replicas: 0 → 1/],
  },
  { command: "kubectl why node/n1", prints: [/^Node n1$/m, /^ {2}Node n1, created by kubectl/m] },
  { command: "kubectl why drain n1", prints: [/^If node n1 is drained:$/m] },
  { command: "kubectl why gone n1", prints: [/^If node n1 is gone:$/m] },
  {
    command: "kubectl why scale deployments/web 3",
    prints: [/^If default\/web has 2 more pods:$/m, /^would run$/m, /web-new-1 on n1/],
  },
];

Deno.test("kubectl why answers what it says it does", async () => {
  const master = await startMaster();
  await using kubectl = await Kubectl.open(master.kubeconfig);
  try {
    for (const object of objects()) {
      const { code, stderr } = await kubectl.try(["create", "-f", "-"], JSON.stringify(object));
      assert.equal(code, 0, stderr);
    }
    await kubectl.run("scale", "deployment/web", "--replicas=1");
    for (const { command, prints } of ASKED) {
      const { code, stdout, stderr } = await kubectl.shell(`PATH=${DEPLOY}:$PATH; ${command}`);
      assert.equal(code, 0, `${command}: ${stderr}`);
      for (const expected of prints) assert.match(stdout, expected, `${command}\n${stdout}`);
    }
    const { code, stdout } = await kubectl.shell(`PATH=${DEPLOY}:$PATH; kubectl why`);
    assert.equal(code, 2);
    assert.match(stdout, /kubectl why pod NAME/);
    assert.match(await kubectl.run("api-versions"), /^wherry\.dev\/v1$/m);
  } finally {
    await master.stop();
  }
});

function objects(): unknown[] {
  const labels = { app: "web" };
  const containers = [{ name: "main", image: "web:1" }];
  return [
    NODE,
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "big" },
      spec: { containers: [{ ...containers[0], resources: { requests: { cpu: "4" } } }] },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      },
    },
  ];
}
