import assert from "node:assert/strict";
import type { Volume, VolumeMount } from "../../api/types/core_v1.ts";
import { ConfigurationError } from "../environment.ts";
import { containerSpec, podWith } from "../pod_fixtures.ts";
import { mountsOf, planVolumes, volumeReferences, type VolumeSources } from "./volume_plan.ts";

const settings = (change = {}) => ({ name: "v", configMap: { name: "settings", ...change } });

// deno-fmt-ignore
const FILES: readonly { name: string; volume: Volume; want: Record<string, string> }[] = [
  { name: "every key of a config map",        volume: settings(),                                               want: { "app.conf": "a=1 644", "logo": "\u0001 644" } },
  { name: "chosen keys, at paths and modes",  volume: settings({ items: [{ key: "app.conf", path: "etc/x", mode: 0o600 }] }), want: { "etc/x": "a=1 600" } },
  { name: "a secret with its mode",           volume: { name: "v", secret: { secretName: "login", defaultMode: 0o400 } },     want: { password: "s3cret 400" } },
  { name: "an optional secret that is not",   volume: { name: "v", secret: { secretName: "none", optional: true } },          want: {} },
  { name: "an optional key that is not",      volume: settings({ items: [{ key: "none", path: "x" }], optional: true }),      want: {} },
  { name: "fields of the pod",                volume: { name: "v", downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] } }, want: { name: "web 644" } },
  { name: "several sources in one",           volume: { name: "v", projected: { sources: [{ configMap: { name: "settings", items: [{ key: "app.conf", path: "c" }] } }, { secret: { name: "login" } }] } },
    want: { c: "a=1 644", password: "s3cret 644" } },
];
for (const { name, volume, want } of FILES) {
  Deno.test(`planVolumes: shows ${name}`, () => {
    const plan = planVolumes(sources(volume)).get("v");
    assert.equal(plan?.is, "files");
    const files = plan?.is === "files" ? plan.files : new Map();
    const got = [...files].map(([path, { bytes, mode }]) => [
      path,
      `${new TextDecoder().decode(bytes)} ${mode.toString(8)}`,
    ]);
    assert.deepEqual(Object.fromEntries(got), want);
  });
}

// deno-fmt-ignore
const PLACES: readonly { name: string; volume: Volume; want: unknown }[] = [
  { name: "an emptyDir on disk",    volume: { name: "v", emptyDir: {} },                 want: { is: "folder", path: "/pods/u1/volumes/kubernetes.io~empty-dir/v", sizeBytes: 0 } },
  { name: "an emptyDir in memory",  volume: { name: "v", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } }, want: { is: "memory", path: "/pods/u1/volumes/kubernetes.io~empty-dir/v", sizeBytes: 1 << 20 } },
  { name: "a folder of the node",   volume: { name: "v", hostPath: { path: "/srv" } },   want: { is: "host", path: "/srv", type: "" } },
];
for (const { name, volume, want } of PLACES) {
  Deno.test(`planVolumes: ${name}`, () => {
    assert.deepEqual(planVolumes(sources(volume)).get("v"), want);
  });
}

// deno-fmt-ignore
const REFUSED: readonly { name: string; volume: Volume; want: string }[] = [
  { name: "a missing config map",   volume: { name: "v", configMap: { name: "none" } },  want: 'configmap "none" not found' },
  { name: "a missing key",          volume: settings({ items: [{ key: "none", path: "x" }] }), want: "configmap references non-existent config key: none" },
  { name: "a path that leaves",     volume: settings({ items: [{ key: "app.conf", path: "../x" }] }), want: 'invalid path "../x": must stay in its volume' },
  { name: "a kind that is not ours", volume: { name: "v", nfs: { server: "s", path: "/" } }, want: 'MountVolume.SetUp failed for volume "v" : nfs volumes are not supported' },
];
for (const { name, volume, want } of REFUSED) {
  Deno.test(`planVolumes: refuses ${name}`, () => {
    assert.throws(() => planVolumes(sources(volume)), new ConfigurationError(want));
  });
}

// deno-fmt-ignore
const MOUNTS: readonly { name: string; mount: Partial<VolumeMount>; volume?: Volume; want: unknown[] }[] = [
  { name: "the whole volume",            mount: {},                              want: ["", false, "private"] },
  { name: "read-only",                   mount: { readOnly: true },              want: ["", true, "private"] },
  { name: "a part of it",                mount: { subPath: "logs/web" },         want: ["logs/web", false, "private"] },
  { name: "a part named by a variable",  mount: { subPathExpr: "logs/$(NAME)" }, want: ["logs/web", false, "private"] },
  { name: "with mounts of the node",     mount: { mountPropagation: "HostToContainer" }, want: ["", false, "rslave"] },
  { name: "a config map is read-only",   mount: {}, volume: settings(),          want: ["", true, "private"] },
];
for (const { name, mount, volume = { name: "v", emptyDir: {} }, want } of MOUNTS) {
  Deno.test(`mountsOf: ${name}`, () => {
    const container = containerSpec("a", {
      volumeMounts: [{ name: "v", mountPath: "/v", ...mount }],
    });
    const [got] = mountsOf(container, planVolumes(sources(volume)), new Map([["NAME", "web"]]));
    assert.deepEqual([got?.subPath, got?.isReadOnly, got?.propagation], want);
  });
}

Deno.test("mountsOf: refuses a sub-path that leaves its volume", () => {
  const container = containerSpec("a", {
    volumeMounts: [{ name: "v", mountPath: "/v", subPath: "a/../../x" }],
  });
  const volumes = planVolumes(sources({ name: "v", emptyDir: {} }));
  assert.throws(() => mountsOf(container, volumes, new Map()), ConfigurationError);
});

Deno.test("volumeReferences: names each object once", () => {
  const pod = podWith({
    volumes: [settings(), settings(), { name: "s", secret: { secretName: "login" } }],
  });
  assert.deepEqual(volumeReferences(pod), { configMaps: ["settings"], secrets: ["login"] });
});

function sources(volume: Volume): VolumeSources {
  return {
    pod: podWith({ volumes: [volume] }),
    folder: "/pods/u1",
    facts: { podIp: "", hostIp: "192.0.2.1", nodeName: "node-1", allocatable: {} },
    configMaps: new Map([["settings", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings" },
      data: { "app.conf": "a=1" },
      binaryData: { logo: btoa("\u0001") },
    }]]),
    secrets: new Map([["login", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "login" },
      data: { password: btoa("s3cret") },
    }]]),
  };
}
