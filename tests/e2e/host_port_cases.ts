import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import type { Cluster } from "./cluster.ts";
import { eventually, readyPods } from "./pods.ts";

const ASK_MS = 2_000;

/** Two ports of the node, on all its addresses and on one, lead to one pod for as long as it is there. */
export async function hostPorts(cluster: Cluster): Promise<void> {
  const { kubectl, nodeAddress } = cluster;
  // the numbers are this cluster's own: others may run beside it
  const everywhere = 30_000 + ownNumber(cluster) * 2;
  const onOne = everywhere + 1;
  const ports = [
    { containerPort: 80, hostPort: everywhere },
    { containerPort: 80, hostPort: onOne, hostIP: nodeAddress },
  ];
  await kubectl.apply(podWith(ports));
  const [pod] = await readyPods(cluster, "host-ports", 1);
  await eventually(() => answers(nodeAddress, everywhere));
  await eventually(() => answers(nodeAddress, onOne));
  // by another address of the node there is nothing at the port that names one
  assert.equal(await answers("127.0.0.1", onOne) === "", false);
  const itself = `wget -qO- http://${nodeAddress}:${everywhere}/`;
  await eventually(() => saysHello(kubectl.run("exec", "host-ports", "--", "sh", "-c", itself)));
  assert.notEqual(pod?.status?.podIP, nodeAddress);
  await kubectl.run("delete", "pod", "host-ports", "--now");
  await eventually(async () => {
    const complaint = await answers(nodeAddress, everywhere);
    return complaint === "" ? "the port still leads somewhere" : "";
  });
}

function podWith(ports: readonly object[]): object {
  const serve = "mkdir /www; echo hello > /www/index.html; exec httpd -f -p 80 -h /www";
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "host-ports", labels: { app: "host-ports" } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{
        ...{ name: "main", image: "busybox:1.35", command: ["sh", "-c", serve], ports },
        readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 },
      }],
    },
  } satisfies Pod | object;
}

/** The third part of the node's address is this cluster's number. */
const ownNumber = ({ nodeAddress }: Cluster) => Number(nodeAddress.split(".")[2]);

async function answers(address: string, port = 0): Promise<string> {
  const signal = AbortSignal.timeout(ASK_MS);
  return await saysHello(fetch(`http://${address}:${port}/`, { signal }).then((got) => got.text()));
}

async function saysHello(asked: Promise<string>): Promise<string> {
  return await asked.then(
    (text) => text.trim() === "hello" ? "" : `the answer is ${text}`,
    (error) => String(error),
  );
}
