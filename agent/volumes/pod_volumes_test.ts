import assert from "node:assert/strict";
import type { ConfigMap, Pod, Volume } from "../../api/types/core_v1.ts";
import { CONFIG_MAPS, SERVICE_ACCOUNTS } from "../../api/types/resources.ts";
import { StatusError } from "../../api/types/status.ts";
import { FakeApi } from "../../client/fake_api.ts";
import { FakeClock } from "../../client/fake_clock.ts";
import { FakeMounts } from "../fake_mounts.ts";
import { MemoryFiles } from "../memory_files.ts";
import { podWith } from "../pod_fixtures.ts";
import { PodVolumes, VolumeError } from "./pod_volumes.ts";

const SETTINGS: Volume = { name: "v", configMap: { name: "settings" } };
const IN_POD = "/data/pods/u1/volumes/kubernetes.io~configmap/v";
const IN_MEMORY = "/data/memory/u1/kubernetes.io~projected/v";

Deno.test("volumes: what is missing is told by its name, and awaited", async () => {
  await using world = new World();
  const pod = podWith({ volumes: [SETTINGS] });
  await assert.rejects(world.volumes.make(pod), VolumeError);
  assert.deepEqual(world.told, [
    'FailedMount MountVolume.SetUp failed for volume "v" : configmap "settings" not found',
  ]);
  assert.equal(world.volumes.retryAt("u1"), world.clock.now() + 500);
  await world.settle();
  await world.createSettings({ color: "blue" });
  assert.deepEqual(world.changed, ["u1"]);
  assert.equal(world.volumes.retryAt("u1"), 0);
  await world.volumes.make(pod);
  assert.equal(world.text(`${IN_POD}/color`), "blue");
});

Deno.test("volumes: a change is shown at once, and costs the others nothing", async () => {
  await using world = new World();
  await world.createSettings({ color: "blue" });
  await world.volumes.make(podWith({ volumes: [SETTINGS] }));
  await world.settle();
  await world.api.create(CONFIG_MAPS, configMap("other", { color: "red" }));
  await world.settle();
  const gets = world.api.count("get", CONFIG_MAPS);
  await world.update({ color: "green" });
  assert.equal(world.text(`${IN_POD}/color`), "green");
  assert.equal(world.api.count("get", CONFIG_MAPS), gets + 1);
  assert.deepEqual(world.changed, []);
});

Deno.test("volumes: what can't change is not watched, and nothing is after the pod", async () => {
  await using world = new World();
  await world.api.create(CONFIG_MAPS, { ...configMap("settings", { a: "1" }), immutable: true });
  await world.volumes.make(podWith({ volumes: [SETTINGS] }));
  await world.settle();
  assert.equal(world.api.count("watch", CONFIG_MAPS), 0);
  await world.volumes.remove("u1");
  assert.deepEqual([...world.files.files.keys()], []);
});

Deno.test("volumes: files stay as they are when what they show is deleted", async () => {
  await using world = new World();
  await world.createSettings({ color: "blue" });
  const pod = podWith({ volumes: [SETTINGS] });
  await world.volumes.make(pod);
  await world.api.delete(CONFIG_MAPS, "default", "settings");
  await world.settle();
  await world.volumes.make(pod);
  assert.equal(world.text(`${IN_POD}/color`), "blue");
  await world.createSettings({ color: "new" });
  assert.equal(world.text(`${IN_POD}/color`), "new");
});

Deno.test("volumes: tokens are renewed at four fifths of their life, kept while the API is away", async () => {
  await using world = new World();
  await world.createAccount();
  await world.volumes.make(podWith({ volumes: [token(1000)] }));
  assert.equal(world.text(`${IN_MEMORY}/token`), "token-1-of-default");
  assert.equal(world.mounts.mounted.get("/data/memory")?.type, "tmpfs");
  await world.advance(799_000);
  assert.equal(world.text(`${IN_MEMORY}/token`), "token-1-of-default");
  world.api.intercept = ({ verb }) => {
    if (verb === "requestToken") throw new StatusError("ServiceUnavailable", "no answer");
  };
  await world.advance(2_000);
  assert.equal(world.text(`${IN_MEMORY}/token`), "token-1-of-default");
});

Deno.test("volumes: labels of a running pod follow its object", async () => {
  await using world = new World();
  const items = [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }];
  const pod = podWith({ volumes: [{ name: "v", downwardAPI: { items } }] });
  await world.volumes.make(pod);
  const path = "/data/memory/u1/kubernetes.io~downward-api/v/labels";
  assert.equal(world.text(path), "");
  world.volumes.follow({ ...pod, metadata: { ...pod.metadata, labels: { app: "web" } } });
  await world.settle();
  assert.equal(world.text(path), 'app="web"');
});

Deno.test("volumes: of a pod that runs already a new agent takes up the files", async () => {
  await using world = new World();
  await world.createSettings({ color: "blue" });
  world.volumes.follow(podWith({ volumes: [SETTINGS] }));
  await world.settle();
  assert.equal(world.text(`${IN_POD}/color`), "blue");
});

Deno.test("volumes: what is mounted for a pod goes with it, the node's memory stays", async () => {
  await using world = new World();
  await world.createAccount();
  const nfs: Volume = { name: "n", nfs: { server: "192.0.2.9", path: "/x" } };
  const memory: Volume = { name: "m", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } };
  await world.volumes.make(podWith({ volumes: [nfs, memory, token(1000)] }));
  const requests = [...world.mounts.mounted.values()];
  const shown = requests.map(({ type, source, options }) => `${type} ${source} ${options}`).sort();
  assert.deepEqual(shown, [
    "nfs 192.0.2.9:/x ",
    "tmpfs tmpfs mode=0700,noswap",
    "tmpfs tmpfs mode=0777,size=1048576",
  ]);
  assert.deepEqual(await world.volumes.uids(), ["u1"]);
  await world.volumes.release("u1");
  assert.deepEqual([...world.mounts.mounted.keys()], ["/data/memory"]);
});

Deno.test("volumes: a mount that fails is tried again later each time, in the words of mount", async () => {
  await using world = new World();
  world.mounts.intercept = () => {
    throw new Error("mount failed: exit status 32");
  };
  const pod = podWith({ volumes: [{ name: "n", nfs: { server: "s", path: "/x" } }] });
  for (const delay of [500, 1000, 2000]) {
    await assert.rejects(world.volumes.make(pod), VolumeError);
    assert.equal(world.volumes.retryAt("u1") - world.clock.now(), delay);
  }
  const text = 'MountVolume.SetUp failed for volume "n" : mount failed: exit status 32';
  assert.equal(world.told[0], `FailedMount ${text}`);
});

const token = (expirationSeconds: number): Volume => ({
  name: "v",
  projected: { sources: [{ serviceAccountToken: { path: "token", expirationSeconds } }] },
});

function configMap(name: string, data: Record<string, string>): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data };
}

class World implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly api = new FakeApi(this.clock);
  readonly mounts = new FakeMounts();
  readonly files = new NodeFiles(this.mounts);
  readonly told: string[] = [];
  readonly changed: string[] = [];
  readonly #stop = new AbortController();
  readonly volumes = new PodVolumes({
    api: this.api,
    clock: this.clock,
    random: () => 0.5,
    log: () => {},
    signal: this.#stop.signal,
    files: this.files,
    mounts: this.mounts,
    cloneGit: () => Promise.resolve(),
    dataDir: "/data",
    facts: () => ({ podIp: "", hostIp: "192.0.2.1", nodeName: "node-1", allocatable: {} }),
    nodeLabels: () => ({}),
    record: (_pod: Pod, _type, reason, message) => void this.told.push(`${reason} ${message}`),
    onChange: (uid) => void this.changed.push(uid),
  });

  text(path: string): string | undefined {
    const found = this.files.files.get(path);
    return found && new TextDecoder().decode(found.bytes);
  }

  async createSettings(data: Record<string, string>): Promise<void> {
    await this.api.create(CONFIG_MAPS, configMap("settings", data));
    await this.settle();
  }

  async update(data: Record<string, string>): Promise<void> {
    await this.api.update(CONFIG_MAPS, configMap("settings", data));
    await this.settle();
  }

  async createAccount(): Promise<void> {
    const metadata = { name: "default", namespace: "default" };
    await this.api.create(SERVICE_ACCOUNTS, { apiVersion: "v1", kind: "ServiceAccount", metadata });
  }

  async settle(): Promise<void> {
    await this.clock.settle();
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.clock.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.settle();
  }
}

/** As on a real node, what is mounted in a tree goes with it. */
class NodeFiles extends MemoryFiles {
  constructor(private readonly mounts: FakeMounts) {
    super();
  }

  override async removeTree(path: string): Promise<void> {
    await this.mounts.unmountBelow(path);
    await super.removeTree(path);
  }
}
