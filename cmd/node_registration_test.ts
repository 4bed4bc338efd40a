import assert from "node:assert/strict";
import { NODES } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import { FakeApi } from "../client/fake_api.ts";
import { FakeClock } from "../client/fake_clock.ts";
import { NodeMemory } from "./node_memory.ts";
import { podCidrOf } from "./node_registration.ts";

const CIDR = "10.1.0.0/24";
const nodeOf = (podCIDR: string) => ({
  apiVersion: "v1" as const,
  kind: "Node" as const,
  metadata: { name: "n1" },
  spec: { podCIDR },
});

interface Case {
  readonly name: string;
  readonly file?: string;
  readonly api: "silent" | "answers";
  readonly want: string | undefined;
  readonly kept: string | undefined;
  readonly logged: number;
}

// deno-fmt-ignore
const CASES: Case[] = [
  { name: "the API's, which are kept",               api: "answers",                                                    want: CIDR,          kept: CIDR,          logged: 0 },
  { name: "those of before while the API is silent", api: "silent",  file: '{"nodeName":"n1","podCIDR":"10.2.0.0/24"}', want: "10.2.0.0/24", kept: "10.2.0.0/24", logged: 6 },
  { name: "the API's rather than those of before",   api: "answers", file: '{"nodeName":"n1","podCIDR":"10.2.0.0/24"}', want: CIDR,          kept: CIDR,          logged: 0 },
  { name: "none of a node of another name",          api: "silent",  file: '{"nodeName":"n2","podCIDR":"10.2.0.0/24"}', want: undefined,     kept: undefined,     logged: 6 },
  { name: "none of a file that is none",             api: "silent",  file: "{",                                         want: undefined,     kept: undefined,     logged: 7 },
  { name: "none of a file that says nonsense",       api: "silent",  file: '{"nodeName":"n1","podCIDR":7}',             want: undefined,     kept: undefined,     logged: 7 },
];

for (const { name, file, api: how, want, kept, logged } of CASES) {
  Deno.test(`node registration: ${name}`, async () => {
    const path = await Deno.makeTempFile();
    try {
      if (file === undefined) await Deno.remove(path);
      else await Deno.writeTextFile(path, file);
      const clock = new FakeClock();
      const api = new FakeApi(clock);
      await api.create(NODES, nodeOf(CIDR));
      api.intercept = () => {
        if (how === "silent") throw new StatusError("ServiceUnavailable", "the API is away");
      };
      const ending = new AbortController();
      const { signal } = ending;
      let count = 0;
      const log = () => void count++;
      const memory = new NodeMemory(path, log);
      let found: string | undefined = "none yet";
      const taints = [] as const;
      const asked = podCidrOf({ api, nodeName: "n1", clock, log, signal, taints, memory })
        .then((podCidr) => found = podCidr);
      for (let i = 0; i < 40; i++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        await clock.advance(100);
      }
      ending.abort();
      await asked;
      assert.equal(found, want);
      assert.equal(await new NodeMemory(path, () => {}).recall("n1"), kept);
      assert.equal(count, logged);
    } finally {
      await Deno.remove(path).catch(() => {});
    }
  });
}
