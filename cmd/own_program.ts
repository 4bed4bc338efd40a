import { SYSTEM_PATH } from "./host_checks.ts";

/**
 * The one file that this process came out of, where it came out of one: its launcher says so
 * (tools/compile/launcher.sh). Else Deno runs the modules of the repository.
 */
export const COMPILED: string | undefined = Deno.env.get("WHERRY_EXECUTABLE") || undefined;

const CONFIG = new URL("../deno.json", import.meta.url).pathname;
const MAIN = new URL("../cmd/wherry.ts", import.meta.url).pathname;

/**
 * Megabytes of V8's young generation, as tools/compile/launcher.sh has them too. A master's small one is half the memory
 * after load; half of it again costs a tenth of the creates in collecting. Thousands of nodes need 16 (record 0098). An
 * agent makes little garbage at a time, and there is one on each node.
 */
const YOUNG_MB = { master: "4", agent: "2" } as const;

/** For V8: how much is new before what is still in use is looked for. */
export function youngOf(megabytes: string): string {
  return `--v8-flags=--max-semi-space-size=${megabytes}`;
}

export const AGENT_V8_FLAGS = youngOf(YOUNG_MB.agent);

/**
 * How an agent's C library hands out memory. By itself it learns to keep ever more of what a burst of starts has
 * used; with these bounds it gives it back (record 0069). V8 collects old garbage once the heap has grown by a fifth
 * instead of by half or more (record 0093). The units in deploy/ say the same.
 */
export const AGENT_MEMORY = {
  MALLOC_MMAP_THRESHOLD_: "65536",
  MALLOC_TRIM_THRESHOLD_: "65536",
  DENO_V8_FLAGS: "--heap-growing-percent=20,--expose-gc",
} as const;

/**
 * The command line that runs one of Wherry's commands as this process was run.
 * @param youngMb of what is no agent: by itself as WHERRY_YOUNG_MB says
 */
export function ownProgram(
  args: readonly string[],
  youngMb = Deno.env.get("WHERRY_YOUNG_MB") || YOUNG_MB.master,
): { program: string; args: string[] } {
  if (COMPILED !== undefined) return { program: COMPILED, args: [...args] };
  const flags = args[0] === "agent" ? AGENT_V8_FLAGS : youngOf(youngMb);
  const run = ["run", "-A", "--quiet", `--config=${CONFIG}`, flags];
  return { program: Deno.execPath(), args: [...run, MAIN, ...args] };
}

/** As whoever runs this can type it again: Deno may have come with npx for this one command. */
export function asTyped(command: string): string {
  if (COMPILED !== undefined) return `wherry ${command}`;
  const isByNpx = Deno.execPath().includes("/_npx/");
  return `${isByNpx ? `npx -y deno@${Deno.version.deno}` : "deno"} task ${command}`;
}

/** The path as it is, and behind it what administrators' programs need. */
export function pathWithSystem(): string {
  return `${Deno.env.get("PATH") ?? ""}:${SYSTEM_PATH}`;
}
