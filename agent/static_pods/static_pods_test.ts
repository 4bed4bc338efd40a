import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import { FakeClock } from "../../client/fake_clock.ts";
import { ManifestError, staticPod } from "./manifest.ts";
import { planMirrors } from "./mirror_pods.ts";
import { CONFIG_MIRROR } from "./static_annotations.ts";
import { StaticPods } from "./static_pods.ts";

const WEB = { apiVersion: "v1", kind: "Pod", metadata: { name: "web" } };
const CONTAINERS = [{ name: "a", image: "busybox:1.35" }];
const FROM = { path: "/m/web.yaml", nodeName: "n1", seen: "2026-01-01T00:00:00Z" };
const spec = { containers: CONTAINERS };

Deno.test("static pods: a manifest becomes a pod of this node", () => {
  const pod = staticPod({ ...WEB, spec }, FROM);
  assert.equal(pod.metadata.name, "web-n1");
  assert.equal(pod.metadata.namespace, "default");
  assert.equal(pod.metadata.annotations?.["kubernetes.io/config.source"], "file");
  assert.equal(pod.metadata.annotations?.["kubernetes.io/config.hash"], pod.metadata.uid);
  assert.deepEqual(pod.spec.tolerations, [{ operator: "Exists", effect: "NoExecute" }]);
  const other = staticPod({ ...WEB, spec: { ...spec, hostNetwork: true } }, FROM);
  assert.notEqual(other.metadata.uid, pod.metadata.uid);
});

// deno-fmt-ignore
const WRONG = [
  { name: "no object",          json: "text",                                                   says: /must be of kind Pod/ },
  { name: "another kind",       json: { ...WEB, kind: "Service" },                              says: /must be of kind Pod/ },
  { name: "no containers",      json: { ...WEB, spec: {} },                                     says: /spec\.containers/ },
  { name: "no image",           json: { ...WEB, spec: { containers: [{ name: "a" }] } },        says: /spec\.containers\[0\]/ },
  { name: "a field of no type", json: { ...WEB, spec: { ...spec, colour: 1 } },                 says: /colour/ },
  { name: "a wrong type",       json: { ...WEB, spec: { ...spec, hostNetwork: "yes" } },        says: /hostNetwork/ },
  { name: "a wrong name",       json: { ...WEB, metadata: { name: "A_b" }, spec },              says: /metadata\.name/ },
];
for (const { name, json, says } of WRONG) {
  Deno.test(`static pods: a manifest is refused for ${name}`, () => {
    assert.throws(() => staticPod(json, FROM), (error) => {
      assert.ok(error instanceof ManifestError);
      assert.match(error.message, says);
      return true;
    });
  });
}

Deno.test("static pods: a file that comes, changes and goes starts, replaces and ends its pod", async () => {
  const world = new World();
  world.write("web.yaml", { ...WEB, spec });
  await world.pods.read();
  assert.deepEqual(world.taken(), ["start web-n1"]);
  await world.pods.read();
  assert.deepEqual(world.taken(), [], "nothing happens twice");
  world.write("web.yaml", { ...WEB, spec: { ...spec, hostNetwork: true } });
  await world.pods.read();
  assert.deepEqual(world.taken(), ["end web-n1"], "the old one ends first");
  await world.finish();
  assert.deepEqual(world.taken(), ["gone web-n1", "start web-n1"]);
  world.files.clear();
  await world.pods.read();
  await world.finish();
  assert.deepEqual(world.taken(), ["end web-n1", "gone web-n1"]);
});

Deno.test("static pods: a wrong file is named once, and the others run", async () => {
  const world = new World();
  world.files.set("/m/broken.yaml", "kind: [");
  world.write("twin.yaml", { ...WEB, spec });
  world.write("web.yaml", { ...WEB, spec });
  await world.pods.read();
  await world.pods.read();
  assert.deepEqual(world.taken(), ["start web-n1"]);
  assert.deepEqual(world.complaints.map(([path]) => path), ["/m/broken.yaml", "/m/web.yaml"]);
  assert.match(world.complaints[1]?.[1] ?? "", /another file has the pod default\/web-n1/);
});

Deno.test("mirrors: made, made again with another hash, and gone with their pod", () => {
  const pod = staticPod({ ...WEB, spec }, FROM);
  const [created] = planMirrors([pod], []);
  assert.ok(created !== undefined && "create" in created);
  const mirror = created.create;
  assert.equal(mirror.metadata.annotations?.[CONFIG_MIRROR], pod.metadata.uid);
  assert.equal(mirror.metadata.uid, undefined);
  assert.deepEqual(planMirrors([pod], [mirror]), []);
  const annotations = { [CONFIG_MIRROR]: "another" };
  const old = { ...mirror, metadata: { ...mirror.metadata, annotations } };
  assert.deepEqual(planMirrors([pod], [old]), [{ remove: old }]);
  const deletionTimestamp = "2026-01-01T00:00:00Z";
  const deleted = { ...mirror, metadata: { ...mirror.metadata, deletionTimestamp } };
  assert.deepEqual(planMirrors([pod], [deleted]), [{ remove: deleted }]);
  const own: Pod = { ...mirror, metadata: { name: "web-n1", namespace: "other" } };
  assert.deepEqual(planMirrors([], [mirror, own]), [{ remove: mirror }]);
});

class World {
  readonly files = new Map<string, string>();
  readonly complaints: [string, string][] = [];
  readonly pods: StaticPods;
  #events: string[] = [];
  readonly #ending = new Set<string>();

  constructor() {
    this.pods = new StaticPods({
      source: { read: () => Promise.resolve(new Map([...this.files].sort())), watch: () => {} },
      nodeName: "n1",
      change: (before, after) => this.#note(before, after),
      complain: (path, why) => this.complaints.push([path, why]),
      onChange: () => {},
      clock: new FakeClock(),
      log: () => {},
    });
  }

  #note(before: Readonly<Pod> | undefined, after: Readonly<Pod> | undefined): void {
    const name = (after ?? before)?.metadata.name;
    if (after === undefined) this.#events.push(`gone ${name}`);
    else if (after.metadata.deletionTimestamp === undefined) this.#events.push(`start ${name}`);
    else {
      this.#events.push(`end ${name}`);
      this.#ending.add(after.metadata.uid ?? "");
    }
  }

  /** What the workers do when nothing is left. */
  async finish(): Promise<void> {
    for (const uid of this.#ending) this.pods.ended(uid);
    this.#ending.clear();
    await this.pods.read();
  }

  taken(): string[] {
    return this.#events.splice(0);
  }

  write(name: string, manifest: unknown): void {
    this.files.set(`/m/${name}`, JSON.stringify(manifest));
  }
}
