import assert from "node:assert/strict";
import { CommandError, type Commands } from "./host_commands.ts";
import { namesOf } from "./names.ts";
import { closeFirewall } from "./pod_firewall.ts";

Deno.test("closeFirewall: a chain that another program takes away meanwhile holds nothing up", async () => {
  const names = namesOf("test");
  const scripts: string[] = [];
  const commands: Commands = {
    has: (command) => Promise.resolve(command === "nft"),
    run(command, args, stdin) {
      if (args.includes("chains")) return Promise.resolve(listed([chain("gone"), chain("kept")]));
      if (args.includes("gone")) throw new CommandError(command, args, "No such file or directory");
      if (args.includes("kept")) {
        const rule = {
          family: "ip",
          table: "filter",
          chain: "kept",
          handle: 7,
          comment: names.comment,
        };
        return Promise.resolve(listed([{ rule }, { rule: { ...rule, handle: 8, comment: "" } }]));
      }
      scripts.push(stdin ?? "");
      return Promise.resolve("");
    },
  };
  await closeFirewall(names, commands);
  assert.match(scripts[0] ?? "", new RegExp(`delete table ip ${names.podTable}`));
  assert.deepEqual(scripts.slice(1), ["delete rule ip filter kept handle 7\n"]);
});

function chain(name: string): object {
  return { chain: { family: "ip", table: "filter", name, hook: "forward", policy: "drop" } };
}

function listed(nftables: readonly object[]): string {
  return JSON.stringify({ nftables });
}
