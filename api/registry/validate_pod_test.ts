import assert from "node:assert/strict";
import type { Pod } from "../types/core_v1.ts";
import { validatePod } from "./validate_pod.ts";

function podOf(image: string): Pod {
  const spec = { containers: [{ name: "web", image }] };
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec } as Pod;
}

Deno.test("pods: one like a good one is good, a wrong one is wrong each time", () => {
  const told = () => validatePod(podOf(" web ")).map(({ field }) => field);
  for (let round = 0; round < 2; round += 1) {
    assert.deepEqual(validatePod(podOf("web")), []);
    assert.deepEqual(told(), ["spec.containers[0].image"]);
  }
  for (let i = 0; i < 300; i += 1) assert.deepEqual(validatePod(podOf(`web:${i}`)), []);
  assert.deepEqual(told(), ["spec.containers[0].image"]);
});
