import assert from "node:assert/strict";
import { decodePage, decodeState, encodePages, encodeState, type HeldChange } from "./kv_codec.ts";

const filled = (length: number) => new Uint8Array(length).fill(5);
const parts = { revision: 2 ** 40, side: 1, length: 1_572_864 } as const;

Deno.test("kv codec: state comes back, in place and in parts", () => {
  for (const held of [filled(0), filled(61_440), parts]) {
    assert.deepEqual(decodeState(encodeState({ revision: 7, held })), { revision: 7, held });
  }
});

Deno.test("kv codec: pages hold at most 64 KiB and every change once", () => {
  const changes: HeldChange[] = [undefined, filled(61_440), parts, filled(2_000), filled(30_000)]
    .flatMap((held) => [held, undefined, held])
    .map((held, index) => ({
      key: `pods/ns/${"ü".repeat(index * 20)}`,
      revision: 2 ** 33 + index,
      at: 1_700_000_000_123,
      replaced: held && { revision: index + 1, held },
    }));
  const pages = encodePages(changes);
  assert.ok(pages.every(({ value }) => value.length <= 65_536));
  assert.ok(pages.length < changes.length);
  assert.deepEqual(pages.flatMap(decodePage), changes);
});
