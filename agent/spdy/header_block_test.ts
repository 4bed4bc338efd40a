import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { HEADER_DICTIONARY } from "./dictionary.ts";
import { decodeHeaders, encodeHeaders, HeaderDeflater, HeaderInflater } from "./header_block.ts";

const HEADERS = new Map([["port", "80"], ["streamtype", "data"]]);
const PLAIN = "00000002 00000004 706f7274 00000002 3830" +
  "0000000a 73747265616d74797065 00000004 64617461";

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

/** Source: RFC 1950, Adler-32. */
function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

Deno.test("spdy: the dictionary is the one that all others have", () => {
  assert.equal(HEADER_DICTIONARY.length, 1423);
  assert.equal(adler32(HEADER_DICTIONARY).toString(16), "e3c6a7c2");
});

Deno.test("spdy: headers as bytes and back", () => {
  assert.deepEqual(Uint8Array.from(encodeHeaders(HEADERS)), bytesOf(PLAIN));
  assert.deepEqual(decodeHeaders(bytesOf(PLAIN)), HEADERS);
  const capital = new Map([["Port", "80"]]);
  assert.deepEqual(decodeHeaders(encodeHeaders(capital)), new Map([["port", "80"]]));
});

for (const length of [0, 3, 7, 20]) {
  Deno.test(`spdy: refuses headers that end after ${length} bytes`, () => {
    const cut = bytesOf(PLAIN).subarray(0, length);
    assert.throws(() => decodeHeaders(cut), /ends too early/);
  });
}

Deno.test("spdy: each block goes on where the one before it ended", async () => {
  const [deflater, inflater] = [new HeaderDeflater(), new HeaderInflater()];
  const first = await deflater.pack(HEADERS);
  const second = await deflater.pack(HEADERS);
  assert.ok(second.length < first.length);
  assert.deepEqual(await inflater.unpack(first), HEADERS);
  assert.deepEqual(await inflater.unpack(second), HEADERS);
  deflater.close();
  inflater.close();
});

/** As zlib packs them with the dictionary: the second block refers to the first. */
const PACKED = [
  "78bbe3c6a7c202e50e48f95b044aab4c1606e0545752949a988b54b02402000000ffff",
  "22561d000000ffff",
];
Deno.test("spdy: unpacks what others packed with the dictionary", async () => {
  const inflater = new HeaderInflater();
  for (const block of PACKED) assert.deepEqual(await inflater.unpack(bytesOf(block)), HEADERS);
  inflater.close();
});

Deno.test("spdy: refuses headers that are none, or that unpack to too much", async () => {
  const inflater = new HeaderInflater();
  await assert.rejects(inflater.unpack(bytesOf("ffff ffff")), { name: "ProtocolError" });
  const [deflater, other] = [new HeaderDeflater(), new HeaderInflater()];
  const bomb = await deflater.pack(new Map([["a", "a".repeat(1 << 20)]]));
  assert.ok(bomb.length < 4_096);
  await assert.rejects(other.unpack(bomb), /headers are above 65536 bytes/);
  deflater.close();
});
