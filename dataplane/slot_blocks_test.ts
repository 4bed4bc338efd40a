import assert from "node:assert/strict";
import { SlotBlocks } from "./slot_blocks.ts";

Deno.test("SlotBlocks: gives adjoining slots until none are left", () => {
  const slots = new SlotBlocks(8);
  assert.deepEqual([slots.take(3), slots.take(5), slots.take(1)], [0, 3, undefined]);
  assert.equal(slots.take(0), 0);
});

Deno.test("SlotBlocks: neighbours that come back are one run again", () => {
  const slots = new SlotBlocks(6);
  for (let i = 0; i < 3; i++) slots.take(2);
  slots.release(0, 2);
  slots.release(4, 2);
  assert.equal(slots.take(3), undefined);
  slots.release(2, 2);
  assert.equal(slots.take(6), 0);
});

Deno.test("SlotBlocks: what was claimed is not given, and is claimed once", () => {
  const slots = new SlotBlocks(6);
  assert(slots.claim(2, 2));
  assert(!slots.claim(3, 2));
  assert(!slots.claim(5, 2), "beyond the end");
  assert.deepEqual([slots.take(2), slots.take(2)], [0, 4]);
  slots.release(2, 2);
  assert.equal(slots.take(2), 2);
});
