import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { docker, eventually, isReady } from "./pods.ts";
import { type PrivateRegistry, startRegistry } from "../fixtures/private_registry.ts";

Deno.test("images of a registry with TLS and a password are pulled with the pod's secrets", async (t) => {
  await using registry = await startRegistry();
  await using cluster = await startCluster({});
  const image = await registry.push("busybox:1.35", "team/shop:1");
  await docker("rmi", image);
  await makeSecrets(cluster, registry);
  const secrets = (name: string) => ({ imagePullSecrets: [{ name }] });
  // deno-fmt-ignore
  const cases = [
    { name: "no-secret",    spec: {},                                    works: false },
    { name: "wrong-login",  spec: secrets("wrong"),                      works: false },
    { name: "lost-secret",  spec: secrets("absent"),                     works: false },
    { name: "config-json",  spec: secrets("login"),                      works: true },
    { name: "old-config",   spec: secrets("old"),                        works: true },
    { name: "of-account",   spec: { serviceAccountName: "puller" },      works: true },
    { name: "second-login", spec: { imagePullSecrets: [{ name: "wrong" }, { name: "login" }] }, works: true },
  ];
  for (const { name, spec, works } of cases) {
    await t.step(name, async () => {
      await cluster.kubectl.apply(podOf(name, image, spec));
      if (works) await becomesReady(cluster, name);
      else await isRefused(cluster, name);
    });
  }
  await t.step("a missing secret is told", async () => {
    const events = await cluster.kubectl.run("describe", "pod", "lost-secret");
    assert.match(events, /Unable to retrieve some image pull secrets \(absent\)/);
  });
  await cluster.kubectl.run("delete", "pod", "--all", "--wait");
  await docker("rmi", "-f", image);
});

async function makeSecrets({ kubectl }: Cluster, registry: PrivateRegistry): Promise<void> {
  const { host, username, password } = registry;
  const docker = ["create", "secret", "docker-registry"];
  const login = [`--docker-server=${host}`, `--docker-username=${username}`];
  await kubectl.run(...docker, "login", ...login, `--docker-password=${password}`);
  await kubectl.run(...docker, "wrong", ...login, "--docker-password=no");
  const old = btoa(JSON.stringify({ [host]: { auth: btoa(`${username}:${password}`) } }));
  await kubectl.apply({
    apiVersion: "v1",
    kind: "List",
    items: [
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "old" },
        type: "kubernetes.io/dockercfg",
        data: { ".dockercfg": old },
      },
      {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "puller" },
        imagePullSecrets: [{ name: "login" }],
      },
    ],
  });
}

function podOf(name: string, image: string, spec: Partial<Pod["spec"]>): Pod {
  const command = ["sleep", "3600"];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      ...spec,
      containers: [{ name: "main", image, imagePullPolicy: "Always", command }],
    },
  };
}

async function becomesReady({ kubectl }: Cluster, name: string): Promise<void> {
  await eventually(async () => {
    const pod = await kubectl.json<Pod>("get", "pod", name);
    return isReady(pod) ? "" : `${name} is ${JSON.stringify(pod.status)}`;
  });
}

async function isRefused({ kubectl }: Cluster, name: string): Promise<void> {
  await eventually(async () => {
    const pod = await kubectl.json<Pod>("get", "pod", name);
    const { reason = "", message = "" } = pod.status?.containerStatuses?.[0]?.state?.waiting ?? {};
    return ["ErrImagePull", "ImagePullBackOff"].includes(reason)
      ? ""
      : `${name}: ${reason} ${message}`;
  });
}
