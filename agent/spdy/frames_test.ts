import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encodeFrame, type Frame, FrameReader, ProtocolError } from "./frames.ts";

const block = Uint8Array.of(0xca, 0xfe);

// deno-fmt-ignore
const FRAMES: readonly (readonly [name: string, frame: Frame, hex: string])[] = [
  ["the beginning of a stream",   { type: "synStream", streamId: 1, isLast: false, block }, "80030001 0000000c 00000001 00000000 0000 cafe"],
  ["one that says all at once",   { type: "synStream", streamId: 3, isLast: true, block },  "80030001 0100000c 00000003 00000000 0000 cafe"],
  ["the answer to it",            { type: "synReply", streamId: 1, isLast: false, block },  "80030002 00000006 00000001 cafe"],
  ["more headers",                { type: "headers", streamId: 1, isLast: true, block },    "80030008 01000006 00000001 cafe"],
  ["a stream that is given up",   { type: "rstStream", streamId: 5, status: 5 },            "80030003 00000008 00000005 00000005"],
  ["settings",                    { type: "settings", settings: new Map([[7, 65_536]]) },   "80030004 0000000c 00000001 00000007 00010000"],
  ["a ping",                      { type: "ping", id: 1 },                                  "80030006 00000004 00000001"],
  ["a farewell",                  { type: "goAway", lastStreamId: 9, status: 1 },           "80030007 00000008 00000009 00000001"],
  ["room for more",               { type: "windowUpdate", streamId: 0, bytes: 32_768 },     "80030009 00000008 00000000 00008000"],
  ["data",                        { type: "data", streamId: 1, isLast: false, bytes: block }, "00000001 00000002 cafe"],
  ["the end of a stream",         { type: "data", streamId: 1, isLast: true, bytes: new Uint8Array() }, "00000001 01000000"],
];
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

for (const [name, frame, hex] of FRAMES) {
  Deno.test(`spdy: ${name} as bytes and back`, () => {
    assert.deepEqual(Uint8Array.from(encodeFrame(frame)), bytesOf(hex));
    assert.deepEqual([...new FrameReader().read(bytesOf(hex))], [frame]);
  });
}

Deno.test("spdy: frames are found in pieces of any size", () => {
  const all = bytesOf(FRAMES.map(([, , hex]) => hex).join(""));
  for (let size = 1; size <= 40; size++) {
    const reader = new FrameReader();
    const found: Frame[] = [];
    for (let at = 0; at < all.length; at += size) {
      found.push(...reader.read(all.subarray(at, at + size)));
    }
    const whole = found.filter((frame) => frame.type !== "data");
    assert.deepEqual(whole, FRAMES.map(([, frame]) => frame).filter(({ type }) => type !== "data"));
    const data = found.filter((frame) => frame.type === "data");
    assert.deepEqual(data.flatMap(({ bytes }) => [...bytes]), [...block]);
    assert.equal(data.filter(({ isLast }) => isLast).length, 1);
  }
});

// deno-fmt-ignore
const WRONG: readonly (readonly [hex: string, why: string])[] = [
  ["80020001 0000000c 00000001 00000000 0000", "frames are of version 2, not 3"],
  ["80030003 00000004 00000001",               "a control frame of type 3 is too short"],
  ["80030001 00ffffff",                        "a control frame of 16777215 bytes is above 65536"],
  ["80030004 00000004 ffffffff",               "a control frame of type 4 is too short"],
];
for (const [hex, why] of WRONG) {
  Deno.test(`spdy: refuses that ${why}`, () => {
    assert.throws(() => [...new FrameReader().read(bytesOf(hex))], new ProtocolError(why));
  });
}

Deno.test("spdy: passes over a type that it does not know", () => {
  const unknown = bytesOf("80030010 00000004 00000001 80030006 00000004 00000002");
  assert.deepEqual([...new FrameReader().read(unknown)], [{ type: "ping", id: 2 }]);
});
