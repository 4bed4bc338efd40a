import assert from "node:assert/strict";
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  Volume,
  VolumeMount,
} from "../../api/types/core_v1.ts";
import { ConfigurationError } from "../environment.ts";
import { containerSpec, podWith } from "../pod_fixtures.ts";
import { whyUnbound } from "./claim_plan.ts";
import { planVolume } from "./plan_volume.ts";
import { retryDelayMs, textOfFailure } from "./volume_failures.ts";
import { mountsOf } from "./volume_mounts.ts";
import { VolumeRefusal, type VolumeSources } from "./volume_plan.ts";
import { showsPod, volumeReferences } from "./volume_references.ts";

const settings = (change = {}) => ({ name: "v", configMap: { name: "settings", ...change } });
const token = (change = {}) => ({
  name: "v",
  projected: { sources: [{ serviceAccountToken: { path: "token", ...change } }] },
});

// deno-fmt-ignore
const FILES: readonly { name: string; volume: Volume; spec?: Partial<PodSpec>; want: Record<string, string> }[] = [
  { name: "every key of a config map",        volume: settings(),                                               want: { "app.conf": "a=1 644", "logo": "\u0001 644" } },
  { name: "chosen keys, at paths and modes",  volume: settings({ items: [{ key: "app.conf", path: "etc/x", mode: 0o600 }] }), want: { "etc/x": "a=1 600" } },
  { name: "a secret with its mode",           volume: { name: "v", secret: { secretName: "login", defaultMode: 0o400 } },     want: { password: "s3cret 400" } },
  { name: "an optional secret that is not",   volume: { name: "v", secret: { secretName: "none", optional: true } },          want: {} },
  { name: "an optional key that is not",      volume: settings({ items: [{ key: "none", path: "x" }], optional: true }),      want: {} },
  { name: "fields of the pod",                volume: { name: "v", downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] } }, want: { name: "web 644" } },
  { name: "several sources in one",           volume: { name: "v", projected: { sources: [{ configMap: { name: "settings", items: [{ key: "app.conf", path: "c" }] } }, { secret: { name: "login" } }] } },
    want: { c: "a=1 644", password: "s3cret 644" } },
  { name: "what a container may use, in units of the divisor", volume: { name: "v", downwardAPI: { items: [{ path: "cpu", mode: 0o400, resourceFieldRef: { containerName: "a", resource: "limits.cpu", divisor: "1m" } }] } },
    spec: { containers: [containerSpec("a", { resources: { limits: { cpu: "1500m" } } })] }, want: { cpu: "1500 400" } },
  { name: "labels, a line for each",          volume: { name: "v", downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } }, want: { labels: 'app="web" 644' } },
  { name: "a token",                          volume: token(),                                                  want: { token: "t0ken 644" } },
  { name: "a token for the one user of all containers",       volume: token(), spec: { securityContext: { runAsUser: 1000 } },  want: { token: "t0ken 600 of 1000" } },
  { name: "a token for a group",              volume: token(), spec: { securityContext: { fsGroup: 2000 } },    want: { token: "t0ken 600" } },
];
for (const { name, volume, spec, want } of FILES) {
  Deno.test(`planVolumes: shows ${name}`, () => {
    const plan = planVolume(volume, sources(volume, spec));
    assert.ok(plan.is === "files" && plan.isReadOnly);
    const got = [...plan.files].map(([path, { bytes, mode, uid }]) => [
      path,
      `${new TextDecoder().decode(bytes)} ${mode.toString(8)}` +
      (uid === undefined ? "" : ` of ${uid}`),
    ]);
    assert.deepEqual(Object.fromEntries(got), want);
  });
}

const EMPTY = "/pods/u1/volumes/kubernetes.io~empty-dir/v";
const GIT = { repository: "https://git/x", revision: "", directory: "." };
const inMemory = (sizeLimit?: string): Volume => ({
  name: "v",
  emptyDir: { medium: "Memory", ...sizeLimit && { sizeLimit } },
});
const limited = (...memory: string[]): Partial<PodSpec> => ({
  containers: memory.map((one) => containerSpec("a", { resources: { limits: { memory: one } } })),
});

// deno-fmt-ignore
const PLACES: readonly { name: string; volume: Volume; spec?: Partial<PodSpec>; want: Record<string, unknown> }[] = [
  { name: "an emptyDir on disk",               volume: { name: "v", emptyDir: {} },  want: { is: "folder", path: EMPTY } },
  { name: "an emptyDir of a group",            volume: { name: "v", emptyDir: {} },  spec: { securityContext: { fsGroup: 5 } }, want: { ownership: { group: 5, isWritable: true, isRootEnough: false } } },
  { name: "an emptyDir in memory",             volume: inMemory("1Mi"),              want: { is: "memory", path: EMPTY, sizeBytes: 1 << 20 } },
  { name: "one as big as the containers may be", volume: inMemory(),                 spec: limited("1Mi", "2Mi"), want: { sizeBytes: 3 << 20 } },
  { name: "one that its pod's limits bound",   volume: inMemory("1Gi"),              spec: limited("1Mi"), want: { sizeBytes: 1 << 20 } },
  { name: "one that only the node bounds",     volume: inMemory(),                   spec: limited("1Mi", "0"), want: { sizeBytes: 1 << 30 } },
  { name: "a folder of the node",              volume: { name: "v", hostPath: { path: "/srv" } }, want: { is: "host", path: "/srv", type: "" } },
  { name: "a secret, which no disk sees",      volume: { name: "v", secret: { secretName: "login" } }, want: { path: "/memory/u1/kubernetes.io~secret/v", isInMemory: true } },
  { name: "a config map",                      volume: settings(),                   want: { path: "/pods/u1/volumes/kubernetes.io~configmap/v", isInMemory: false } },
  { name: "a server's folder",                 volume: { name: "v", nfs: { server: "s", path: "/x", readOnly: true } }, want: { isReadOnly: true, request: { type: "nfs", source: "s:/x", target: "/pods/u1/volumes/kubernetes.io~nfs/v", options: ["ro"] } } },
  { name: "a server by its address",           volume: { name: "v", nfs: { server: "::1", path: "/x" } }, want: { request: { type: "nfs", source: "[::1]:/x", target: "/pods/u1/volumes/kubernetes.io~nfs/v", options: [] } } },
  { name: "a repository",                      volume: { name: "v", gitRepo: { repository: GIT.repository, directory: "." } }, want: { is: "git", source: GIT } },
];
for (const { name, volume, spec, want } of PLACES) {
  Deno.test(`planVolume: ${name}`, () => {
    const plan = planVolume(volume, sources(volume, spec)) as unknown as Record<string, unknown>;
    const got = Object.fromEntries(Object.keys(want).map((key) => [key, plan[key]]));
    assert.deepEqual(got, want);
  });
}

const ON_NODE = [{ matchExpressions: [{ key: "disk", operator: "In" as const, values: ["ssd"] }] }];
const CLAIMED: Volume = { name: "v", persistentVolumeClaim: { claimName: "data" } };
const READ_ONLY: Volume = {
  name: "v",
  persistentVolumeClaim: { claimName: "data", readOnly: true },
};

// deno-fmt-ignore
const CLAIMS: readonly { name: string; volume?: Volume; spec: PersistentVolume["spec"]; want: Record<string, unknown> }[] = [
  { name: "a folder of the node",         spec: { hostPath: { path: "/srv", type: "Directory" } },  want: { is: "host", path: "/srv", type: "Directory", isReadOnly: false } },
  { name: "the same, to be read only",    volume: READ_ONLY, spec: { hostPath: { path: "/srv" } },  want: { is: "host", isReadOnly: true } },
  { name: "a disk of this node",          spec: { local: { path: "/mnt" }, nodeAffinity: { required: { nodeSelectorTerms: ON_NODE } } }, want: { is: "local", path: "/mnt" } },
  { name: "a server's folder, with the volume's options", spec: { nfs: { server: "s", path: "/x" }, mountOptions: ["nfsvers=4.2"] }, want: { is: "mount", request: { type: "nfs", source: "s:/x", target: "/pods/u1/volumes/kubernetes.io~nfs/v", options: ["nfsvers=4.2"] } } },
];
for (const { name, volume = CLAIMED, spec, want } of CLAIMS) {
  Deno.test(`planVolume: a claim on ${name}`, () => {
    const plan = planVolume(volume, { ...sources(volume), claim: bound(spec) });
    const all = plan as unknown as Record<string, unknown>;
    assert.deepEqual(Object.fromEntries(Object.keys(want).map((key) => [key, all[key]])), want);
  });
}

const ELSEWHERE = [{ matchExpressions: [{ key: "disk", operator: "DoesNotExist" as const }] }];

// deno-fmt-ignore
const REFUSED: readonly { name: string; volume: Volume; claim?: PersistentVolume["spec"]; want: string }[] = [
  { name: "a missing config map",   volume: { name: "v", configMap: { name: "none" } },  want: 'MountVolume.SetUp failed for volume "v" : configmap "none" not found' },
  { name: "a missing secret",       volume: { name: "v", secret: { secretName: "none" } }, want: 'MountVolume.SetUp failed for volume "v" : secret "none" not found' },
  { name: "a missing key",          volume: settings({ items: [{ key: "none", path: "x" }] }), want: 'MountVolume.SetUp failed for volume "v" : configmap references non-existent config key: none' },
  { name: "a path that leaves",     volume: settings({ items: [{ key: "app.conf", path: "../x" }] }), want: 'MountVolume.SetUp failed for volume "v" : invalid path "../x": must stay in its volume' },
  { name: "a kind that is not ours", volume: { name: "v", csi: { driver: "d" } },         want: 'MountVolume.SetUp failed for volume "v" : csi volumes are not supported' },
  { name: "a claim on such",        volume: CLAIMED, claim: { csi: { driver: "d", volumeHandle: "h" } }, want: 'MountVolume.SetUp failed for volume "v" : csi volumes are not supported' },
  { name: "a disk of another node", volume: CLAIMED, claim: { local: { path: "/mnt" }, nodeAffinity: { required: { nodeSelectorTerms: ELSEWHERE } } }, want: 'MountVolume.NodeAffinity check failed for volume "pv" : no matching NodeSelectorTerms' },
  { name: "an option as a revision", volume: { name: "v", gitRepo: { repository: "https://x", revision: "--exec" } }, want: 'MountVolume.SetUp failed for volume "v" : revision "--exec": must not start with "-"' },
];
for (const { name, volume, claim, want } of REFUSED) {
  Deno.test(`planVolume: refuses ${name}`, () => {
    const given = { ...sources(volume), claim: claim && bound(claim) };
    let text = "";
    try {
      planVolume(volume, given);
    } catch (error) {
      assert.ok(error instanceof ConfigurationError);
      text = textOfFailure("v", error);
    }
    assert.equal(text, want);
  });
}

// deno-fmt-ignore
const UNBOUND: readonly { name: string; volume?: Volume; claim: Partial<PersistentVolumeClaim>; want: string | undefined }[] = [
  { name: "one that waits",       claim: {},                                         want: "PVC is not bound" },
  { name: "one that is bound",    claim: boundClaim(),                               want: undefined },
  { name: "one that is to go",    claim: { ...boundClaim(), metadata: { name: "data", deletionTimestamp: "2026-01-01T00:00:00Z" } }, want: "PVC is being deleted" },
  { name: "one of somebody else", volume: { name: "v", ephemeral: {} }, claim: boundClaim(), want: "PVC default/data was not created for pod default/web (pod is not owner)" },
];
for (const { name, volume = CLAIMED, claim, want } of UNBOUND) {
  Deno.test(`claims: ${name}`, () => {
    const whole: PersistentVolumeClaim = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      spec: {},
      ...claim,
      metadata: { namespace: "default", name: "data", ...claim.metadata },
    };
    assert.equal(whyUnbound(volume, { claim: whole, pod: podWith({}) }), want);
  });
}

// deno-fmt-ignore
const MOUNTS: readonly { name: string; mount: Partial<VolumeMount>; volume?: Volume; want: unknown[] }[] = [
  { name: "the whole volume",            mount: {},                              want: ["", false, "private"] },
  { name: "read-only",                   mount: { readOnly: true },              want: ["", true, "private"] },
  { name: "a part of it",                mount: { subPath: "logs/web" },         want: ["logs/web", false, "private"] },
  { name: "a server's read-only folder",  mount: {}, volume: { name: "v", nfs: { server: "s", path: "/", readOnly: true } }, want: ["", true, "private"] },
  { name: "recursively, if that can be", mount: { readOnly: true, recursiveReadOnly: "IfPossible" }, want: ["", true, "private"] },
  { name: "a part named by a variable",  mount: { subPathExpr: "logs/$(NAME)" }, want: ["logs/web", false, "private"] },
  { name: "with mounts of the node",     mount: { mountPropagation: "HostToContainer" }, want: ["", false, "rslave"] },
  { name: "a config map is read-only",   mount: {}, volume: settings(),          want: ["", true, "private"] },
];
for (const { name, mount, volume = { name: "v", emptyDir: {} }, want } of MOUNTS) {
  Deno.test(`mountsOf: ${name}`, () => {
    const container = containerSpec("a", {
      volumeMounts: [{ name: "v", mountPath: "/v", ...mount }],
    });
    const [got] = mountsOf(container, plansOf(volume), new Map([["NAME", "web"]]));
    assert.deepEqual([got?.subPath, got?.isReadOnly, got?.propagation], want);
  });
}

// deno-fmt-ignore
const REFUSED_MOUNTS: readonly { name: string; mount: Partial<VolumeMount>; want: string }[] = [
  { name: "a sub-path that leaves its volume",   mount: { subPath: "a/../../x" },          want: 'invalid path "a/../../x": must stay in its volume' },
  { name: "a sub-path of no variable",           mount: { subPathExpr: "$(NONE)/x" },      want: 'missing value for "NONE"' },
  { name: "a volume that is not there",          mount: { name: "w" },                     want: 'cannot find volume "w" to mount into container "a"' },
  { name: "what the engine can't do",            mount: { readOnly: true, recursiveReadOnly: "Enabled" }, want: 'volume "v" requested recursive read-only mode, but it is not supported by the runtime' },
];
for (const { name, mount, want } of REFUSED_MOUNTS) {
  Deno.test(`mountsOf: refuses ${name}`, () => {
    const container = containerSpec("a", {
      volumeMounts: [{ name: "v", mountPath: "/v", ...mount }],
    });
    const volumes = plansOf({ name: "v", emptyDir: {} });
    assert.throws(() => mountsOf(container, volumes, new Map()), new ConfigurationError(want));
  });
}

Deno.test("mountsOf: refuses devices in clear words", () => {
  const container = containerSpec("a", { volumeDevices: [{ name: "v", devicePath: "/dev/x" }] });
  const want = 'volumeDevices are not supported: show volume "v" by volumeMounts';
  assert.throws(() => mountsOf(container, new Map(), new Map()), new ConfigurationError(want));
});

Deno.test("volumeReferences: names each object once", () => {
  const volume: Volume = {
    name: "v",
    projected: {
      sources: [
        { configMap: { name: "settings" } },
        { configMap: { name: "settings" } },
        { secret: { name: "login" } },
        { serviceAccountToken: { path: "token" } },
      ],
    },
  };
  assert.deepEqual(volumeReferences(volume), {
    configMaps: ["settings"],
    secrets: ["login"],
    tokens: [{ path: "token" }],
  });
  assert.equal(showsPod(volume), false);
});

Deno.test("retryDelayMs: doubles, and asks for claims at least every ten seconds", () => {
  const delays = (volume: Volume) =>
    [0, 1, 4, 20].map((failures) => retryDelayMs(failures, podWith({ volumes: [volume] })));
  assert.deepEqual(delays(settings()), [500, 1000, 8000, 122_000]);
  assert.deepEqual(delays(CLAIMED), [500, 1000, 8000, 10_000]);
});

Deno.test("textOfFailure: leaves alone what says all already", () => {
  assert.equal(textOfFailure("v", new VolumeRefusal("as it is")), "as it is");
});

function boundClaim() {
  return {
    metadata: { name: "data", uid: "c1" },
    spec: { volumeName: "pv" },
    status: { phase: "Bound" as const },
  };
}

function bound(spec: PersistentVolume["spec"]) {
  const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim" as const, ...boundClaim() };
  const metadata = { name: "pv" };
  return {
    claim: claim as PersistentVolumeClaim,
    volume: { apiVersion: "v1", kind: "PersistentVolume", metadata, spec } as PersistentVolume,
  };
}

function plansOf(volume: Volume) {
  return new Map([[volume.name, planVolume(volume, sources(volume))]]);
}

function sources(volume: Volume, spec: Partial<PodSpec> = {}): VolumeSources {
  const pod: Pod = podWith({ volumes: [volume], ...spec });
  const allocatable = { memory: "1Gi" };
  return {
    pod: { ...pod, metadata: { ...pod.metadata, labels: { app: "web" } } },
    folder: "/pods/u1",
    memoryFolder: "/memory/u1",
    nodeName: "node-1",
    nodeLabels: { disk: "ssd" },
    tokens: new Map([["token", "t0ken"]]),
    facts: { podIp: "", hostIp: "192.0.2.1", nodeName: "node-1", allocatable },
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
