/**
 * Compiles dataplane/bpf/*.bpf.c, for whoever changes them: the objects are committed, so that running Wherry
 * needs no compiler. Beside each object stands `<name>.bpf.sha256`, which ties it to its sources.
 */
import { createHash } from "node:crypto";

const FOLDER = new URL("../dataplane/bpf/", import.meta.url);
export const PROGRAMS = ["service_lb", "pod_path", "name_answers", "host_names"];
const STRIPS = ["llvm-strip", "llvm-strip-14", "/usr/lib/llvm-14/bin/llvm-strip"];

/** Lines of `sha256sum`, so that `sha256sum -c` checks them too: the sources, then the object. */
export async function checksumsOf(name: string): Promise<string> {
  const headers = (await Array.fromAsync(Deno.readDir(FOLDER))).map((entry) => entry.name)
    .filter((file) => file.endsWith(".h")).sort();
  const files = [`${name}.bpf.c`, ...headers, `${name}.bpf.o`];
  const lines = files.map(async (file) => {
    const bytes = await Deno.readFile(new URL(file, FOLDER));
    return `${createHash("sha256").update(bytes).digest("hex")}  ${file}\n`;
  });
  return (await Promise.all(lines)).join("");
}

async function compile(name: string): Promise<void> {
  const cwd = FOLDER.pathname;
  // deno-fmt-ignore
  await run("clang", cwd, [
    "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter",
    `-ffile-prefix-map=${cwd}=`, `-fdebug-prefix-map=${cwd.replace(/\/$/, "")}=.`,
    `-I/usr/include/${Deno.build.arch}-linux-gnu`,
    "-c", `${name}.bpf.c`, "-o", `${name}.bpf.o`,
  ]);
  await strip(cwd, `${name}.bpf.o`);
  await Deno.writeTextFile(new URL(`${name}.bpf.sha256`, FOLDER), await checksumsOf(name));
  console.log(`dataplane/bpf/${name}.bpf.o`);
}

/** Drops DWARF, keeps BTF. */
async function strip(cwd: string, object: string): Promise<void> {
  for (const command of STRIPS) {
    try {
      return await run(command, cwd, ["-g", object]);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error("Cannot strip the BPF object: llvm-strip is not installed (apt install llvm)");
}

async function run(command: string, cwd: string, args: string[]): Promise<void> {
  const { success } = await new Deno.Command(command, { args, cwd, stdout: "inherit" }).spawn()
    .status;
  if (!success) throw new Error(`Cannot build dataplane/bpf: ${command} failed`);
}

if (import.meta.main) {
  for (const name of PROGRAMS) await compile(name);
}
