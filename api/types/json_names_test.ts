import assert from "node:assert/strict";
import { fieldsNamedIn, namesFieldsAgain } from "./json_names.ts";

const TEXTS: [text: string, again: string[]][] = [
  ["{}", []],
  ["[]", []],
  ['"a:b"', []],
  ['{"a":1,"b":{"a":2}}', []],
  ['{"a":1,"a":2}', ["a"]],
  ['{"a":1,"\\u0061":2}', ["a"]],
  ['{"__proto__":1,"__proto__":{}}', ["__proto__"]],
  ['{"a":"\\":","b":"{\\"b\\":1}"}', []],
  ['{"a":"\\\\","a":2}', ["a"]],
  ['{"a": [ {"b" : 1}, {"b": 2,\n"b" :3, "c":[{"d":1,"d":1}]} ] }', ["a[1].b", "a[1].c[0].d"]],
  ['{"a":{"b":1,"b":2},"a":{"b":3}}', ["a.b", "a"]],
  ['{"a":1,"a":2,"a":3}', ["a", "a"]],
  ['[{"op":"add","path":"/a","path":"/b"}]', ["[0].path"]],
];

for (const [text, again] of TEXTS) {
  Deno.test(`names: ${text} says again [${again}]`, () => {
    const bytes = new TextEncoder().encode(text);
    assert.equal(namesFieldsAgain(bytes, JSON.parse(text)), again.length > 0);
    const fields = fieldsNamedIn(text);
    assert.deepEqual(fields.filter(({ isAgain }) => isAgain).map(({ path }) => path), again);
  });
}

Deno.test("names: what is nested too deep is another's mistake", () => {
  const text = "[".repeat(100_000) + "]".repeat(100_000);
  assert.equal(namesFieldsAgain(new TextEncoder().encode(text), JSON.parse(text)), false);
});
