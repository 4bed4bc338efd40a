import assert from "node:assert/strict";
import type { Service } from "../../api/types/core_v1.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { endpointsAre, readyPods } from "./pods.ts";
import { hostPorts } from "./host_port_cases.ts";
import { counted, request, unevenness } from "./traffic.ts";

const REQUESTS = 3_000;

/** A pod that stays, with a shell and wget, to send requests from. */
const CLIENT = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "client", labels: { app: "client" } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: "client", image: "busybox:1.35", command: ["sleep", "3600"] }],
  },
};

for (const backend of ["ebpf", "nftables"] as const) {
  Deno.test(`one command brings up a web service of three, evenly used (${backend})`, async (t) => {
    await using cluster = await startCluster({ backend, example: true });
    const pods = await readyPods(cluster, "web", 3);
    const names = pods.map((pod) => pod.metadata.name);
    const service = await cluster.kubectl.json<Service>("get", "service", "web");
    const url = `http://${service.spec.clusterIP}/hostname`;
    await endpointsAre(cluster, "web", pods);

    await t.step("the node says who answers names", async () => {
      const path = 'jsonpath={.status.conditions[?(@.type=="NamesAnswered")].reason}';
      const reason = await cluster.kubectl.run("get", "node", "e2e-node", "-o", path);
      assert.equal(reason, backend === "ebpf" ? "Answered" : "FallenBack");
    });

    await t.step(`${REQUESTS} requests from the host are all answered, evenly`, async () => {
      assert.deepEqual(unevenness(await request(url, REQUESTS), names), []);
    });

    await t.step(`${REQUESTS} requests from a container are all answered, evenly`, async () => {
      await cluster.kubectl.apply(CLIENT);
      await readyPods(cluster, "client", 1);
      const loop = `i=0; while [ $i -lt ${REQUESTS} ]; do wget -qO- ${url} || echo failed; ` +
        `i=$((i+1)); done | sort | uniq -c`;
      const output = await cluster.kubectl.run("exec", "client", "--", "sh", "-c", loop);
      assert.deepEqual(unevenness(counted(output), names), []);
    });

    await t.step("kubectl prints it as Kubernetes does", () => printsWide(cluster));
    await t.step("a node port answers on the node's own addresses", () => nodePort(cluster, names));
    await t.step("a host port leads to its pod, and goes with it", () => hostPorts(cluster));
  });
}

const HEADINGS = [
  "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES",
  "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE SELECTOR",
  "NAME ENDPOINTS AGE",
  "NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME",
];

async function printsWide({ kubectl }: Cluster): Promise<void> {
  const text = await kubectl.run("get", "pods,svc,ep,nodes", "-o", "wide");
  const headings = text.split("\n").filter((line) => line.startsWith("NAME"));
  assert.deepEqual(headings.map((line) => line.trim().replace(/\s+/g, " ")), HEADINGS);
  assert.match(text, /pod\/web-\w{5} +1\/1 +Running +0 +\S+ +10\.\S+ +\S+ +<none> +<none>/);
  assert.match(text, /service\/web +ClusterIP +10\.\S+ +<none> +80\/TCP +\S+ +app=web/);
  assert.match(text, /endpoints\/web +10\.\S+:80,10\.\S+:80,10\.\S+:80 /);
  assert.match(text, /node\/\S+ +Ready +<none> .* docker:\/\//);
}

async function nodePort(cluster: Cluster, names: string[]): Promise<void> {
  const { kubectl } = cluster;
  await kubectl.run("expose", "rc", "web", "--name=web-node", "--port=80", "--type=NodePort");
  const service = await kubectl.json<Service>("get", "service", "web-node");
  await endpointsAre(cluster, "web-node", await readyPods(cluster, "web", 3));
  const port = service.spec.ports?.[0]?.nodePort;
  const answers = await request(`http://${cluster.nodeAddress}:${port}/hostname`, 300);
  assert.deepEqual([...answers.keys()].filter((answer) => !names.includes(answer)), []);
  assert.equal(answers.size, 3);
}
