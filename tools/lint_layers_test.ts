import assert from "node:assert/strict";
import plugin from "./lint_layers.ts";

const ROOT = new URL("../", import.meta.url).pathname;

// deno-fmt-ignore
const CASES = [
  { file: "scheduler/a.ts",            code: `import "../client/cache.ts"`,       want: [] },
  { file: "scheduler/a.ts",            code: `import "../store/store.ts"`,        want: ["scheduler/ may not import store"] },
  { file: "store/a.ts",                code: `export * from "../api/http/x.ts"`,  want: ["store/ may not import api"] },
  { file: "api/http/a.ts",             code: `import "../../store/store.ts"`,     want: [] },
  { file: "agent/a.ts",                code: `import "../dataplane/maps.ts"`,     want: ["agent/ may not import dataplane"] },
  { file: "cmd/a.ts",                  code: `import "../store/store.ts"`,        want: [] },
  { file: "agent/docker_runtime.ts",   code: `import "dockerode"`,                want: [] },
  { file: "agent/sync_loop.ts",        code: `import "dockerode"`,                want: ["Only agent/docker_ may import dockerode"] },
  { file: "store/a.ts",                code: `import "dockerode/lib/docker.js"`,  want: ["Only agent/docker_ may import dockerode"] },
  { file: "scheduler/predicates.ts",   code: `const t = Date.now()`,              want: ["A deciding file may not use Date.now", "Date.now enters as an argument, from cmd/"] },
  { file: "scheduler/a.ts",            code: `const t = Date.now()`,              want: ["Date.now enters as an argument, from cmd/"] },
  { file: "scheduler/a.ts",            code: `const t = new Date()`,              want: ["new Date() enters as an argument, from cmd/"] },
  { file: "scheduler/a.ts",            code: `const t = new Date(clock.now())`,   want: [] },
  { file: "agent/a.ts",                code: `setTimeout(f, 1)`,                  want: ["setTimeout enters as an argument, from cmd/"] },
  { file: "dataplane/libbpf.ts",       code: `Deno.dlopen("x", {})`,              want: [] },
  { file: "dataplane/ebpf_backend.ts", code: `Deno.dlopen("x", {})`,              want: ["Deno.dlopen enters as an argument, from cmd/"] },
  { file: "agent/volumes.ts",          code: `Deno.mkdir("x")`,                   want: ["Deno.mkdir enters as an argument, from cmd/"] },
  { file: "agent/host_files.ts",       code: `Deno.mkdir("x")`,                   want: [] },
  { file: "agent/volumes.ts",          code: `import "node:fs"`,                  want: ["Only agent/host_, dataplane/host_ may import node:fs"] },
  { file: "controllers/endpoints.ts",  code: `await 1`,                           want: ["A deciding file may not use await"] },
  { file: "controllers/runtime.ts",    code: `await 1`,                           want: [] },
];

for (const { file, code, want } of CASES) {
  Deno.test(`layers: ${file}: ${code}`, () => {
    const found = Deno.lint.runPlugin(plugin, ROOT + file, code);
    assert.deepEqual(found.map((d) => d.message).sort(), want);
  });
}
