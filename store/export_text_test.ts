import assert from "node:assert/strict";
import { exportText, importText } from "./export_text.ts";
import { allIn, fillWithHistory } from "./ledger_contract.ts";
import { MemoryLedger, MemoryMedium } from "./memory_ledger.ts";
import { openOn, putting } from "./store_contract.ts";

const mediumOf = (medium: MemoryMedium) => ({
  open: () => Promise.resolve(new MemoryLedger(medium)),
  remove: () => Promise.resolve(),
});

async function* chunksOf(text: string, size = 1_000_000): AsyncIterable<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield await bytes.subarray(at, at + size);
}

async function textOf(medium: MemoryMedium): Promise<string> {
  let text = "";
  for await (const chunk of exportText(await new MemoryLedger(medium).load())) {
    text += new TextDecoder().decode(chunk);
  }
  return text;
}

Deno.test("export: what was written as text is taken over as it was", async () => {
  const medium = new MemoryMedium();
  await fillWithHistory(new MemoryLedger(medium));
  const other = new MemoryMedium();
  await new MemoryLedger(other).fill(await importText(chunksOf(await textOf(medium), 777)));
  assert.deepEqual(await allIn(mediumOf(other)), await allIn(mediumOf(medium)));
});

Deno.test("export: signs of every kind come back", async () => {
  const [medium, other] = [new MemoryMedium(), new MemoryMedium()];
  const store = await openOn(mediumOf(medium));
  await store.commit(() => [putting("a", { text: 'tab\t, newline\n, "quote", ü, \u2028, 😀' })]);
  await new MemoryLedger(other).fill(await importText(chunksOf(await textOf(medium), 3)));
  assert.deepEqual(await allIn(mediumOf(other)), await allIn(mediumOf(medium)));
});

const HEAD = '{"format":"wherry-export/1","head":1,"compacted":0}\n';
const BROKEN: { name: string; text: string; says: RegExp }[] = [
  { name: "nothing", text: "", says: /^Error: it is empty$/ },
  { name: "another text", text: "hello\n", says: /^Error: line 1 is no line of an export$/ },
  { name: "another format", text: '{"format":"x"}\n', says: /does not begin as an export/ },
  { name: "no end", text: HEAD, says: /^Error: it ends at line 1 before it is whole$/ },
  { name: "too few", text: `${HEAD}{"present":1,"changes":0}\n`, says: /before it is whole/ },
  { name: "no key", text: `${HEAD}{"revision":1}\t{}\n`, says: /^Error: line 2 has no key/ },
  {
    name: "no object",
    text: `${HEAD}{"key":"a","revision":1}\n`,
    says: /^Error: line 2 has no obj/,
  },
];

for (const { name, text, says } of BROKEN) {
  Deno.test(`export: ${name} is refused`, async () => {
    await assert.rejects(importText(chunksOf(text)), says);
  });
}

Deno.test("copy: a store is copied as it is at one moment, while writes go on", async () => {
  const store = await openOn(mediumOf(new MemoryMedium()), { events: 50 });
  for (let n = 0; n < 100; n += 1) await store.commit(() => [putting(`p${n % 7}`, { n: `${n}` })]);
  const copy = store.copy();
  const writing = store.commit(() => [putting("late")]);
  const other = new MemoryMedium();
  await new MemoryLedger(other).fill(copy);
  await writing;
  const again = await openOn(mediumOf(other));
  assert.deepEqual([again.revision, again.compacted, again.list("").length], [100, 50, 7]);
  assert.deepEqual(again.listAt("", 60), store.listAt("", 60));
});
