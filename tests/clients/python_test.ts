import assert from "node:assert/strict";
import type { AnyKind } from "../../api/registry/kind.ts";
import { startMaster } from "../fixtures/master.ts";
import { NAMES, SAMPLES, STORED_KINDS } from "../fixtures/samples.ts";

const TOUR = new URL("./tour.py", import.meta.url).pathname;

Deno.test("the official Python client tours every kind", async () => {
  const samples = Object.fromEntries(STORED_KINDS.map((kind) => [keyOf(kind), sampleOf(kind)]));
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(file, JSON.stringify(samples));
  const master = await startMaster();
  try {
    const { code, stdout, stderr } = await new Deno.Command("/usr/bin/python3", {
      args: [TOUR, master.kubeconfig, file],
      env: { HOME: master.dataDir },
    }).output();
    const text = new TextDecoder();
    assert.equal(code, 0, text.decode(stderr).slice(-2_000) + text.decode(stdout));
    const toured = text.decode(stdout).trim().split("\n");
    assert.deepEqual(toured, Object.keys(samples).map((key) => `${key} ok`));
  } finally {
    await master.stop();
    await Deno.remove(file);
  }
});

function keyOf({ resource: { apiVersion, kind } }: AnyKind): string {
  return `${apiVersion}/${kind}`;
}

function sampleOf(kind: AnyKind) {
  const { apiVersion, kind: name } = kind.resource;
  const sample = SAMPLES[keyOf(kind)];
  assert.ok(sample, `tests/fixtures/samples.ts lacks a ${keyOf(kind)}`);
  return { apiVersion, kind: name, metadata: { name: NAMES[keyOf(kind)] ?? "toured" }, ...sample };
}
