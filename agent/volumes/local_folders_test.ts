import assert from "node:assert/strict";
import type { PersistentVolume } from "../../api/types/core_v1.ts";
import { PERSISTENT_VOLUMES } from "../../api/types/resources.ts";
import { FakeApi } from "../../client/fake_api.ts";
import { FakeClock } from "../../client/fake_clock.ts";
import { MemoryFiles } from "../memory_files.ts";
import { clearLocalFolders } from "./local_folders.ts";

const PATH = "/data/volumes/pvc-1";

// deno-fmt-ignore
const CASES = [
  { name: "released and to be deleted",   volume: volumeOf({}),                                  stays: false },
  { name: "bound",                        volume: volumeOf({ phase: "Bound" }),                  stays: true },
  { name: "to be kept",                   volume: volumeOf({ policy: "Retain" }),                stays: true },
  { name: "another's",                    volume: volumeOf({ maker: "example.com/disk" }),       stays: true },
  { name: "somewhere else",               volume: volumeOf({ path: "/data/volumes/pvc-2" }),     stays: true },
  { name: "unknown to the API",           volume: undefined,                                     stays: true },
];
for (const { name, volume, stays } of CASES) {
  Deno.test(`local volumes: the folder of one that is ${name} ${stays ? "stays" : "goes"}`, async () => {
    const api = new FakeApi(new FakeClock());
    if (volume !== undefined) await api.create(PERSISTENT_VOLUMES, volume);
    const files = new MemoryFiles();
    await files.makeFolder(PATH);
    await files.makeFolder("/data/volumes/mine");
    await clearLocalFolders({ api, files, dataDir: "/data", log: () => {} });
    assert.equal(await files.kindOf(PATH) !== undefined, stays);
    assert.notEqual(await files.kindOf("/data/volumes/mine"), undefined);
  });
}

function volumeOf(
  {
    phase = "Released",
    policy = "Delete" as "Delete" | "Retain",
    maker = "wherry.dev/local",
    path = PATH,
  },
): PersistentVolume {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "pvc-1", annotations: { "pv.kubernetes.io/provisioned-by": maker } },
    spec: { persistentVolumeReclaimPolicy: policy, local: { path } },
    status: { phase },
  };
}
