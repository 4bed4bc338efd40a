import assert from "node:assert/strict";
import { encodeAnswer, encodeQuestion, encodeSettings, type NameAnswer } from "./name_maps.ts";

const ANSWER: NameAnswer = {
  rcode: 3,
  isAuthoritative: true,
  answerCount: 2,
  authorityCount: 1,
  additionalCount: 0,
  body: Uint8Array.of(1, 2, 3, 4),
  canRotate: false,
};

Deno.test("name maps: a question is its type and its name, with zeros behind", () => {
  const bytes = encodeQuestion("\x03web\0", 28);
  assert.equal(bytes?.length, 128);
  assert.deepEqual([...bytes!.subarray(0, 8)], [0, 28, 3, 119, 101, 98, 0, 0]);
});

const LEFT: [what: string, name: string][] = [
  ["longer than the key", `\x3f${"a".repeat(63)}\x3f${"b".repeat(63)}\0`],
  ["with a zero within", "\x03a\0b\0"],
];
for (const [what, name] of LEFT) {
  Deno.test(`name maps: a name ${what} is left to the agent`, () => {
    assert.equal(encodeQuestion(name, 1), undefined);
  });
}

Deno.test("name maps: an answer has its counts, its records and its number at both ends", () => {
  const bytes = encodeAnswer(ANSWER, 7);
  assert.equal(bytes?.length, 532);
  const view = new DataView(bytes!.buffer);
  assert.deepEqual([view.getUint32(0, true), view.getUint32(528, true)], [7, 7]);
  const words = Array.from({ length: 5 }, (_, i) => view.getUint16(4 + 2 * i, true));
  assert.deepEqual(words, [4, 0, 2, 1, 0]);
  assert.deepEqual([...bytes!.subarray(14, 21)], [3, 1, 1, 2, 3, 4, 0]);
});

Deno.test("name maps: records that take turns stand there twice", () => {
  const bytes = encodeAnswer({ ...ANSWER, canRotate: true }, 7);
  assert.equal(new DataView(bytes!.buffer).getUint16(6, true), 2);
  assert.deepEqual([...bytes!.subarray(16, 25)], [1, 2, 3, 4, 1, 2, 3, 4, 0]);
});

for (const [what, body] of [["no", 0], ["too many", 257]] as const) {
  Deno.test(`name maps: an answer of ${what} records is left to the agent`, () => {
    assert.equal(encodeAnswer({ ...ANSWER, body: new Uint8Array(body) }, 7), undefined);
  });
}

Deno.test("name maps: settings are the address, or zeros", () => {
  assert.deepEqual([...encodeSettings("10.96.0.10")], [10, 96, 0, 10]);
  assert.deepEqual([...encodeSettings(undefined)], [0, 0, 0, 0]);
  assert.throws(() => encodeSettings("fd00::1"), /it is no IPv4 address/);
});
