import assert from "node:assert/strict";
import {
  EVERYTHING,
  type Labels,
  matchesLabels,
  NOTHING,
  parseLabelSelector,
  selectorOf,
  selectorOfMap,
} from "./labels.ts";
import type { LabelSelector } from "./meta.ts";
import { StatusError } from "./status.ts";

const WEB: Labels = { app: "web", tier: "front", size: "5" };

// deno-fmt-ignore
const MATCHES = [
  { text: "",                              matches: true,  canonical: "" },
  { text: "   ",                           matches: true,  canonical: "" },
  { text: "app=web",                       matches: true,  canonical: "app=web" },
  { text: "app==web",                      matches: true,  canonical: "app==web" },
  { text: " app = web ",                   matches: true,  canonical: "app=web" },
  { text: "app=db",                        matches: false, canonical: "app=db" },
  { text: "none=",                         matches: false, canonical: "none=" },
  { text: "app!=db",                       matches: true,  canonical: "app!=db" },
  { text: "none!=db",                      matches: true,  canonical: "none!=db" },
  { text: "app",                           matches: true,  canonical: "app" },
  { text: "!app",                          matches: false, canonical: "!app" },
  { text: "! none",                        matches: true,  canonical: "!none" },
  { text: "app in (web,db)",               matches: true,  canonical: "app in (db,web)" },
  { text: "app in(db , cache)",            matches: false, canonical: "app in (cache,db)" },
  { text: "none in (a)",                   matches: false, canonical: "none in (a)" },
  { text: "app notin (db)",                matches: true,  canonical: "app notin (db)" },
  { text: "none notin (a)",                matches: true,  canonical: "none notin (a)" },
  { text: "none notin ()",                 matches: true,  canonical: "none notin ()" },
  { text: "app in (,web)",                 matches: true,  canonical: "app in (,web)" },
  { text: "in in (in)",                    matches: false, canonical: "in in (in)" },
  { text: "notin=in",                      matches: false, canonical: "notin=in" },
  { text: "size>4",                        matches: true,  canonical: "size>4" },
  { text: "size>5",                        matches: false, canonical: "size>5" },
  { text: "size<10",                       matches: true,  canonical: "size<10" },
  { text: "app<10",                        matches: false, canonical: "app<10" },
  { text: "tier=front,app in (web),!none", matches: true,  canonical: "app in (web),!none,tier=front" },
  { text: "tier=front,app=db",             matches: false, canonical: "app=db,tier=front" },
  { text: "toString",                      matches: false, canonical: "toString" },
  { text: "example.com/role=a",            matches: false, canonical: "example.com/role=a" },
];

for (const { text, matches, canonical } of MATCHES) {
  Deno.test(`label selector: ${JSON.stringify(text)}`, () => {
    const selector = parseLabelSelector(text);
    assert.equal(selector.matches(WEB), matches);
    assert.equal(`${selector}`, canonical);
    assert.equal(`${parseLabelSelector(canonical)}`, canonical);
    assert.equal(selector.isEmpty, canonical === "");
  });
}

const OPERATORS = "in, notin, =, ==, !=, gt, lt";

// deno-fmt-ignore
const REFUSED = [
  { text: "=web",          want: "found '=', expected: !, identifier, or 'end of string'" },
  { text: "app=web,",      want: "found '', expected: identifier after ','" },
  { text: "app=web tier",  want: "found 'tier', expected: ',' or 'end of string'" },
  { text: "app web",       want: `unable to parse requirement: found 'web', expected: ${OPERATORS}` },
  { text: "app!web",       want: `unable to parse requirement: found '!', expected: ${OPERATORS}` },
  { text: "!",             want: "unable to parse requirement: found '', expected: identifier" },
  { text: "!app=web",      want: "found '=', expected: ',' or 'end of string'" },
  { text: "app=(",         want: "unable to parse requirement: found '(', expected: identifier" },
  { text: "app in web",    want: "unable to parse requirement: found 'web' expected: '('" },
  { text: "app in (a b)",  want: "unable to parse requirement: found 'b', expected: ',' or ')'" },
  { text: "app in (a",     want: "unable to parse requirement: found '', expected: ',' or ')'" },
  { text: "app in (",      want: "unable to parse requirement: found '', expected: ',', ')' or identifier" },
  { text: "app in (,",     want: "unable to parse requirement: found '', expected: ',', or identifier" },
  { text: "size>big",      want: `unable to parse requirement: values[0]: Invalid value: "big": for 'Gt', 'Lt' operators, the value must be an integer` },
];

for (const { text, want } of REFUSED) {
  Deno.test(`label selector: ${text} is refused`, () => {
    assert.throws(() => parseLabelSelector(text), { reason: "BadRequest", message: want });
  });
}

Deno.test("label selector: keys and values must be ones that a label can have", () => {
  assert.throws(
    () => parseLabelSelector("a/b/c=d"),
    /^StatusError: unable to parse requirement: <nil>: Invalid value: "a\/b\/c": a qualified name/,
  );
  assert.throws(
    () => parseLabelSelector("app=-a"),
    /^StatusError: unable to parse requirement: values\[0\]\[app\]: Invalid value: "-a": a valid label must be/,
  );
});

Deno.test("label selector: whatever the text, it is read or refused with a StatusError", () => {
  const parts = [
    "a",
    "b/c",
    "in",
    "notin",
    "=",
    "==",
    "!=",
    "!",
    "(",
    ")",
    ",",
    " ",
    "<",
    ">",
    "1",
    "-",
    "\\",
    "é",
    "\n",
    "\0",
  ];
  let state = 7;
  const random = (below: number) =>
    (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: random(10) }, () => parts[random(parts.length)]).join("");
    try {
      parseLabelSelector(text).matches(WEB);
    } catch (error) {
      assert.ok(error instanceof StatusError, `${JSON.stringify(text)}: ${error}`);
    }
  }
});

// deno-fmt-ignore
const OBJECTS: { name: string; selector: LabelSelector | undefined; matches: boolean; text: string }[] = [
  { name: "absent",         selector: undefined,                                                          matches: false, text: "" },
  { name: "empty",          selector: {},                                                                 matches: true,  text: "" },
  { name: "pairs",          selector: { matchLabels: { tier: "front", app: "web" } },                     matches: true,  text: "app=web,tier=front" },
  { name: "a wrong pair",   selector: { matchLabels: { app: "db" } },                                     matches: false, text: "app=db" },
  { name: "In",             selector: { matchExpressions: [{ key: "app", operator: "In", values: ["web"] }] },   matches: true,  text: "app in (web)" },
  { name: "NotIn",          selector: { matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] }, matches: false, text: "app notin (web)" },
  { name: "Exists",         selector: { matchExpressions: [{ key: "app", operator: "Exists" }] },         matches: true,  text: "app" },
  { name: "DoesNotExist",   selector: { matchExpressions: [{ key: "none", operator: "DoesNotExist" }] },  matches: true,  text: "!none" },
];

for (const { name, selector, matches, text } of OBJECTS) {
  Deno.test(`selectorOf: ${name}`, () => {
    assert.equal(selectorOf(selector).matches(WEB), matches);
    assert.equal(`${selectorOf(selector)}`, text);
  });
}

Deno.test("matchesLabels: every pair must be there", () => {
  assert.equal(matchesLabels({}, undefined), true);
  assert.equal(matchesLabels({ app: "web" }, undefined), false);
  assert.equal(matchesLabels({ app: "web", size: "5" }, WEB), true);
  assert.equal(matchesLabels({ app: "web", size: "6" }, WEB), false);
  assert.equal(selectorOfMap({ size: "5", app: "web" }).toString(), "app=web,size=5");
});

Deno.test("selectors: everything and nothing", () => {
  assert.equal(EVERYTHING.matches(undefined), true);
  assert.equal(NOTHING.matches(WEB), false);
});
