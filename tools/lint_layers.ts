/** What each layer may import, besides itself. First match by longest folder wins. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "api/types": [],
  "store": ["api/types"],
  "api": ["api/types", "store"],
  "client": ["api/types"],
  "controllers": ["api/types", "client"],
  "scheduler": ["api/types", "client"],
  "agent": ["api/types", "client"],
  "dataplane": ["api/types", "client"],
  "dns": ["api/types", "client"],
};

/** Files that decide and do nothing else: no I/O, clock, randomness or awaiting. A prefix or a whole path. */
export const PURE = [
  "api/types/",
  "api/registry/",
  "controllers/",
  "scheduler/predicates.ts",
  "scheduler/priorities.ts",
  "scheduler/schedule.ts",
  "scheduler/ranking.ts",
  "scheduler/pod_affinity.ts",
  "scheduler/preemption.ts",
  "scheduler/topology_spread.ts",
  "scheduler/volume_binding.ts",
  "agent/sync.ts",
  "agent/container_decisions.ts",
  "agent/restart_policy.ts",
  "agent/pod_status.ts",
  "agent/pod_phase.ts",
  "agent/pod_conditions.ts",
  "agent/container_status.ts",
  "agent/environment.ts",
  "agent/spdy/frames.ts",
  "dataplane/plan.ts",
  "dataplane/overlay_plan.ts",
  "dataplane/policy_plan.ts",
  "dataplane/policy_table.ts",
  "dataplane/maps.ts",
  "dns/question.ts",
  "dns/names.ts",
  "dns/records.ts",
  "dns/reply.ts",
  "dns/messages.ts",
  "dns/zone.ts",
  "dns/service_records.ts",
];

/** Inside the folders of `PURE`: what carries decisions out. */
export const ACTING = [
  "api/registry/commits.ts",
  "api/registry/registry.ts",
  "controllers/garbage_collector.ts",
  "controllers/runtime.ts",
  "controllers/fake_cluster.ts",
];

/** Libraries and powers, and the only places that may hold them. cmd/, tests/, bench/ and tools/ are free. */
export const FENCES: Readonly<Record<string, readonly string[]>> = {
  "dockerode": ["agent/docker_"],
  "node:fs": ["agent/host_", "dataplane/host_"],
  "node:fs/promises": ["agent/host_", "dataplane/host_"],
  "node:child_process": ["agent/host_", "dataplane/host_"],
};

/** Ambient powers that enter as arguments everywhere outside cmd/, tests/, bench/ and tools/. */
const AMBIENT_MEMBERS = new Set([
  "Date.now",
  "Math.random",
  "crypto.randomUUID",
  "crypto.getRandomValues",
  "performance.now",
  "Deno.openKv",
  "Deno.dlopen",
  "Deno.args",
  "Deno.env",
  "Deno.exit",
]);
const AMBIENT_CALLS = new Set(["setTimeout", "setInterval"]);

/** Where one of the ambient powers is at home. */
export const AT_HOME: Readonly<Record<string, readonly string[]>> = {
  "Deno.dlopen": ["dataplane/libbpf.ts", "dns/host_datagrams.ts"],
  "Deno.openKv": ["store/kv_ledger.ts"],
};

/** The files that touch the host: everything else reaches it through a seam. */
export const DENO_AT_HOME = [
  "store/kv_ledger.ts",
  "store/kv_lock.ts",
  "dataplane/libbpf.ts",
  "dataplane/host_",
  "agent/host_",
  "dns/host_",
];

const IMPURE_NAMES = new Set(["Deno", "fetch", "setTimeout", "setInterval", "crypto"]);

/** @returns the layer that holds the file, or undefined for cmd/, tests/ and tools/, which are free */
export function layerOf(path: string): string | undefined {
  const folders = Object.keys(MAY_IMPORT).sort((a, b) => b.length - a.length);
  return folders.find((folder) => path.startsWith(`${folder}/`));
}

const ROOT = new URL("../", import.meta.url).pathname;

const pathOf = (context: Deno.lint.RuleContext) => context.filename.replace(ROOT, "");
const isTest = (path: string) => path.endsWith("_test.ts") || path.endsWith("_contract.ts");

function checkImport(context: Deno.lint.RuleContext, source: Deno.lint.StringLiteral | null): void {
  const from = pathOf(context);
  const here = layerOf(from);
  if (source === null || here === undefined || isTest(from)) return;
  if (!source.value.startsWith(".")) return checkVendor(context, source, from);
  const to = new URL(source.value, `file:///${from}`).pathname.slice(1);
  const there = layerOf(to);
  if (here === there) return;
  if (there !== undefined && MAY_IMPORT[here]?.includes(there)) return;
  context.report({ node: source, message: `${here}/ may not import ${there ?? to}` });
}

function checkVendor(
  context: Deno.lint.RuleContext,
  source: Deno.lint.StringLiteral,
  from: string,
): void {
  const name = Object.keys(FENCES).find((vendor) =>
    source.value === vendor || source.value.startsWith(`${vendor}/`)
  );
  if (name === undefined || FENCES[name]?.some((place) => from.startsWith(place))) return;
  context.report({ node: source, message: `Only ${FENCES[name]?.join(", ")} may import ${name}` });
}

function isPure(path: string): boolean {
  return PURE.some((prefix) => path.startsWith(prefix)) && !isTest(path) && !ACTING.includes(path);
}

const plugin: Deno.lint.Plugin = {
  name: "layers",
  rules: {
    direction: {
      create: (context) => ({
        ImportDeclaration: (node) => checkImport(context, node.source),
        ExportAllDeclaration: (node) => checkImport(context, node.source),
        ExportNamedDeclaration: (node) => checkImport(context, node.source),
      }),
    },
    pure: {
      create(context) {
        if (!isPure(pathOf(context))) return {};
        const report = (node: Deno.lint.Node, what: string) =>
          context.report({ node, message: `A deciding file may not use ${what}` });
        return {
          AwaitExpression: (node) => report(node, "await"),
          Identifier(node) {
            if (IMPURE_NAMES.has(node.name)) report(node, node.name);
          },
          MemberExpression(node) {
            const text = context.sourceCode.getText(node);
            if (text === "Date.now" || text === "Math.random") report(node, text);
          },
        };
      },
    },
    ambient: {
      create(context) {
        const path = pathOf(context);
        if (layerOf(path) === undefined || isTest(path)) return {};
        const report = (node: Deno.lint.Node, what: string) => {
          if (AT_HOME[what]?.includes(path)) return;
          context.report({ node, message: `${what} enters as an argument, from cmd/` });
        };
        const mayUseDeno = DENO_AT_HOME.some((prefix) => path.startsWith(prefix));
        return {
          MemberExpression(node) {
            const text = context.sourceCode.getText(node);
            if (AMBIENT_MEMBERS.has(text)) return report(node, text);
            if (mayUseDeno || node.object.type !== "Identifier") return;
            if (node.object.name === "Deno") report(node, text);
          },
          CallExpression(node) {
            if (node.callee.type !== "Identifier") return;
            if (AMBIENT_CALLS.has(node.callee.name)) report(node, node.callee.name);
          },
          NewExpression(node) {
            const isNow = node.callee.type === "Identifier" && node.callee.name === "Date" &&
              node.arguments.length === 0;
            if (isNow) report(node, "new Date()");
          },
        };
      },
    },
  },
};
export default plugin;
