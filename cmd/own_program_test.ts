import assert from "node:assert/strict";
import { AGENT_MEMORY } from "./own_program.ts";

for (const unit of ["wherry-agent.service", "wherry-agent.conf"]) {
  Deno.test(`own program: deploy/${unit} bounds the agent's memory alike`, async () => {
    const text = await Deno.readTextFile(new URL(`../deploy/${unit}`, import.meta.url));
    for (const [name, value] of Object.entries(AGENT_MEMORY)) {
      assert.ok(text.includes(`${name}=${value}`), `${unit} lacks ${name}=${value}`);
    }
  });
}
