import assert from "node:assert/strict";
import { parseFieldSelector } from "./field_selectors.ts";
import { StatusError } from "./status.ts";

const FIELDS: Record<string, string> = {
  "metadata.name": "web",
  "status.phase": "Running",
  "a": "x,y=z\\",
};
const get = (field: string) => FIELDS[field] ?? "";

// deno-fmt-ignore
const MATCHES = [
  { text: "",                                            matches: true,  canonical: "" },
  { text: ",,",                                          matches: true,  canonical: "" },
  { text: "metadata.name=web",                           matches: true,  canonical: "metadata.name=web" },
  { text: "metadata.name==web",                          matches: true,  canonical: "metadata.name=web" },
  { text: "metadata.name!=web",                          matches: false, canonical: "metadata.name!=web" },
  { text: "metadata.name=web,status.phase!=Failed",      matches: true,  canonical: "metadata.name=web,status.phase!=Failed" },
  { text: "spec.nodeName=",                              matches: true,  canonical: "spec.nodeName=" },
  { text: "spec.nodeName!=",                             matches: false, canonical: "spec.nodeName!=" },
  { text: "a=x\\,y\\=z\\\\",                             matches: true,  canonical: "a=x\\,y\\=z\\\\" },
];

for (const { text, matches, canonical } of MATCHES) {
  Deno.test(`field selector: ${JSON.stringify(text)}`, () => {
    const selector = parseFieldSelector(text);
    assert.equal(selector.matches(get), matches);
    assert.equal(`${selector}`, canonical);
    assert.equal(selector.isEmpty, canonical === "");
  });
}

// deno-fmt-ignore
const REFUSED = [
  { text: "metadata.name",  want: "invalid selector: 'metadata.name'; can't understand 'metadata.name'" },
  { text: "a=b,c",          want: "invalid selector: 'a=b,c'; can't understand 'c'" },
  { text: "a=b=c",          want: "invalid field selector: unescaped character in value: =" },
  { text: "a=b\\c",         want: "invalid field selector: invalid escape sequence: \\c" },
  { text: "a=b\\",          want: "invalid field selector: invalid escape sequence: \\" },
  { text: "spec.image=x",   want: "field label not supported: spec.image" },
];

for (const { text, want } of REFUSED) {
  Deno.test(`field selector: ${text} is refused`, () => {
    const isKnown = (field: string) => field !== "spec.image";
    assert.throws(() => parseFieldSelector(text, isKnown), { reason: "BadRequest", message: want });
  });
}

Deno.test("field selector: says which one object it is about", () => {
  const selector = parseFieldSelector("status.phase!=Failed,metadata.name=web");
  assert.equal(selector.exactly("metadata.name"), "web");
  assert.equal(selector.exactly("status.phase"), undefined);
});

Deno.test("field selector: whatever the text, it is read or refused with a StatusError", () => {
  const parts = ["a", ".", "=", "==", "!=", "!", ",", "\\", " ", "é", "\n", "\0"];
  let state = 11;
  const random = (below: number) =>
    (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: random(10) }, () => parts[random(parts.length)]).join("");
    try {
      const selector = parseFieldSelector(text);
      assert.equal(`${parseFieldSelector(`${selector}`)}`, `${selector}`, text);
    } catch (error) {
      assert.ok(error instanceof StatusError, `${JSON.stringify(text)}: ${error}`);
    }
  }
});
