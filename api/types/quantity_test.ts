import assert from "node:assert/strict";
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  subtractQuantities,
  toBytes,
  toMilli,
  toNumber,
} from "./quantity.ts";

// deno-fmt-ignore
const CANONICAL = [
  { text: "0",                    want: "0" },
  { text: "0Mi",                  want: "0" },
  { text: "-0.0",                 want: "0" },
  { text: "1",                    want: "1" },
  { text: "+1",                   want: "1" },
  { text: "007",                  want: "7" },
  { text: "1000m",                want: "1" },
  { text: "1500m",                want: "1500m" },
  { text: "0.5",                  want: "500m" },
  { text: ".5",                   want: "500m" },
  { text: "1.",                   want: "1" },
  { text: "1000",                 want: "1k" },
  { text: "1024",                 want: "1024" },
  { text: "1100",                 want: "1100" },
  { text: "1.5Gi",                want: "1536Mi" },
  { text: "2048Mi",               want: "2Gi" },
  { text: "1024Ei",               want: "9223372036854775807" },
  { text: "512Ki",                want: "512Ki" },
  { text: "0.5Ki",                want: "512" },
  { text: "0.1Ki",                want: "102400m" },
  { text: "1.1Ki",                want: "1127" },
  { text: "1.953125001Ki",        want: "2001" },
  { text: "1.953125Ki",           want: "2k" },
  { text: "1e3",                  want: "1e3" },
  { text: "1E4",                  want: "10e3" },
  { text: "1.5e-3",               want: "1500e-6" },
  { text: "1E",                   want: "1E" },
  { text: "100u",                 want: "100u" },
  { text: "0.1n",                 want: "1n" },
  { text: "-0.1n",                want: "-1n" },
  { text: "-1.5Gi",               want: "-1536Mi" },
  { text: "1e40",                 want: "9223372036854775807" },
  { text: "12345678901234567890", want: "9223372036854775807" },
];

for (const { text, want } of CANONICAL) {
  Deno.test(`quantity: ${text} is written ${want}`, () => {
    assert.equal(canonicalQuantity(text), want);
    assert.equal(canonicalQuantity(want), want);
  });
}

// deno-fmt-ignore
const NONE = ["", " ", "x", "1 core", "1x", "1KI", "1ki", "1mi", "--1", "1..2", ".", "-", "e3", "1e", "1e3.5", "1e999", "1Gi ", "0x10", "NaN", "Infinity", "1,5", "1".repeat(65)];

for (const text of NONE) {
  Deno.test(`quantity: ${JSON.stringify(text)} is none`, () => {
    assert.equal(canonicalQuantity(text), undefined);
  });
}

// deno-fmt-ignore
const NUMBERS = [
  { text: "250m",   milli: 250,             bytes: 1,                number: 0.25 },
  { text: "1",      milli: 1000,            bytes: 1,                number: 1 },
  { text: "0.1m",   milli: 1,               bytes: 1,                number: 0.0001 },
  { text: "64Mi",   milli: 67_108_864_000,  bytes: 67_108_864,       number: 67_108_864 },
  { text: "1.5Gi",  milli: 1_610_612_736_000, bytes: 1_610_612_736,  number: 1_610_612_736 },
  { text: "-1500m", milli: -1500,           bytes: -2,               number: -1.5 },
];

for (const { text, milli, bytes, number } of NUMBERS) {
  Deno.test(`quantity: ${text} in numbers`, () => {
    assert.deepEqual([toMilli(text), toBytes(text), toNumber(text)], [milli, bytes, number]);
  });
}

Deno.test("quantity: sums keep the suffixes of the first", () => {
  assert.equal(addQuantities("1Gi", "1Gi"), "2Gi");
  assert.equal(addQuantities("1Gi", "1000"), "1073742824");
  assert.equal(addQuantities("0", "1Gi"), "1Gi");
  assert.equal(addQuantities("100m", "900m"), "1");
  assert.equal(subtractQuantities("1", "250m"), "750m");
  assert.equal(subtractQuantities("1Gi", "2Gi"), "-1Gi");
});

Deno.test("quantity: what is no quantity can't be counted with", () => {
  assert.throws(() => addQuantities("1", "x"), RangeError);
});

Deno.test("quantity: written and read again, every amount is the same", () => {
  const random = randomOf(1);
  for (let i = 0; i < 5_000; i++) {
    const text = randomQuantity(random);
    const quantity = parseQuantity(text);
    assert.ok(quantity, text);
    const canonical = formatQuantity(quantity);
    assert.equal(canonicalQuantity(text), canonical, text);
    assert.equal(canonicalQuantity(canonical), canonical, text);
    const rounds = quantity.format === "binary" && quantity.nano % 1_000_000_000n !== 0n;
    if (!rounds) assert.equal(parseQuantity(canonical)?.nano, quantity.nano, text);
  }
});

Deno.test("quantity: sums, differences and comparisons agree", () => {
  const random = randomOf(2);
  for (let i = 0; i < 5_000; i++) {
    const [a, b] = [`${Math.floor(random() * 1e6)}m`, `${Math.floor(random() * 1e6)}m`];
    assert.equal(compareQuantities(subtractQuantities(addQuantities(a, b), b), a), 0);
    assert.equal(Math.sign(compareQuantities(a, b)), Math.sign(toMilli(a) - toMilli(b)));
    assert.equal(toMilli(addQuantities(a, b)), toMilli(a) + toMilli(b));
  }
});

const SUFFIXES = [
  "n",
  "u",
  "m",
  "",
  "k",
  "M",
  "G",
  "T",
  "P",
  "E",
  "Ki",
  "Mi",
  "Gi",
  "Ti",
  "Pi",
  "Ei",
  "e3",
  "e-6",
  "E2",
];

function randomQuantity(random: () => number): string {
  const sign = ["", "-", "+"][Math.floor(random() * 3)];
  const whole = Math.floor(random() * 10 ** Math.floor(random() * 12));
  const fraction = random() < 0.5 ? "" : `.${Math.floor(random() * 10_000)}`;
  return `${sign}${whole}${fraction}${SUFFIXES[Math.floor(random() * SUFFIXES.length)]}`;
}

/** A small linear congruential generator: the same numbers from the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
