import { deepEqual } from "node:assert/strict";
import { linksIn, tasksIn } from "./check_docs.ts";

Deno.test("check docs: finds links to files, not to the web or in code", () => {
  const text = [
    "See [a](docs/a.md#part), [b](https://example.com/b.md) and [c](#here).",
    "`list[0](x)` and",
    "```\n[d](d.md)\n```",
    "![picture](p.png)",
  ].join("\n");
  deepEqual(linksIn(text), ["docs/a.md", "p.png"]);
});

Deno.test("check docs: finds the tasks that a page tells to run, each once", () => {
  const text = "`npx -y deno@2.9.6 task up`, `deno task up`, `deno task bench api`";
  deepEqual(tasksIn(text), ["up", "bench"]);
});
