/** Runs Wherry as its users do, and compares the host before and after. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function command(name: string, flags: readonly string[]): string[] {
  const entry = new URL("../../cmd/wherry.ts", import.meta.url).pathname;
  return [Deno.execPath(), "run", "-A", "--quiet", "--no-check", entry, name, ...flags];
}

export async function wherry(name: string, flags: readonly string[]): Promise<Outcome> {
  const [program = "", ...args] = command(name, flags);
  return await run(program, args);
}

export async function run(program: string, args: readonly string[]): Promise<Outcome> {
  const output = await new Deno.Command(program, { args: [...args], stdin: "null" }).output();
  const text = new TextDecoder();
  return {
    code: output.code,
    stdout: text.decode(output.stdout),
    stderr: text.decode(output.stderr),
  };
}

export function difference(before: readonly string[], after: readonly string[]): string[] {
  const left = after.filter((line) => !before.includes(line)).map((line) => `left: ${line}`);
  const lost = before.filter((line) => !after.includes(line)).map((line) => `lost: ${line}`);
  return [...left, ...lost];
}
