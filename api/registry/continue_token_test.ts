import assert from "node:assert/strict";
import { continueToken, NEWEST, readContinueToken } from "./continue_token.ts";

Deno.test("continue token: says what was put in", () => {
  const place = { revision: 42, last: "default/ä-web" };
  const token = continueToken(place);
  assert.match(token, /^[-\w]+$/);
  assert.deepEqual(readContinueToken(token), place);
  const newest = { revision: NEWEST, last: "a" } as const;
  assert.deepEqual(readContinueToken(continueToken(newest)), newest);
});

const encoded = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).toBase64();
const WRONG = [
  "",
  "!",
  "e30",
  encoded([]),
  encoded({ v: "meta.k8s.io/v9", rv: 1, start: "a" }),
  encoded({ v: "meta.k8s.io/v1", rv: -2, start: "a" }),
  encoded({ v: "meta.k8s.io/v1", rv: 1, start: 2 }),
];
for (const token of WRONG) {
  Deno.test(`continue token: ${JSON.stringify(token)} is refused`, () => {
    assert.throws(() => readContinueToken(token), { reason: "BadRequest" });
  });
}
