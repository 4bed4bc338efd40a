import { dirname } from "node:path";
import { run } from "../../images/debian.ts";
import { BUSYBOX, NGINX, PAUSE, type Recipe, REDIS } from "../../images/recipes.ts";

const REPOSITORY = new URL("../../", import.meta.url).pathname;

/** Folders whose modules run on a host; tests, tools and benchmarks stay behind. */
export const SHIPPED: readonly string[] =
  "api store client controllers scheduler agent dataplane dns cmd images".split(" ");

/** What modules open by their own address, as paths of the repository. */
export interface Beside {
  /** Modules that run as programs or workers of their own. */
  readonly entries: readonly string[];
  readonly files: readonly string[];
}

const MAIN = "cmd/wherry.ts";

/** What a compiled `wherry` does without: cmd/own_program.ts asks for it only where it is not compiled. */
const LEFT_OUT = new Set([MAIN, "deno.json"]);

/** Such as `new URL("../examples/web.yaml", import.meta.url)`. */
const ADDRESS = /new URL\(\s*["'`]([^"'`]*)["'`],\s*import\.meta\.url,?\s*\)/g;

/**
 * Addresses in a module's text, as paths of the repository. All modules become one file in `cmd/`, so an address means
 * the same before and after only when it climbs to the root first, from a folder that is one step below it.
 * @throws {Error} naming the module and the address that a compiled program would not find
 */
export function addressesIn(module: string, text: string): string[] {
  return [...text.matchAll(ADDRESS)].map(([, address = ""]) => {
    const isFromRoot = address.startsWith("../") && !address.startsWith("../../");
    if (isFromRoot && module.split("/").length === 2) return address.slice("../".length);
    const rule = "must be named from the root, from a folder right below it, as ../folder/file";
    throw new Error(`${module}: "${address}" ${rule}: else a compiled wherry does not find it`);
  });
}

/** @throws {Error} see `addressesIn` */
export async function filesBeside(folders: readonly string[]): Promise<Beside> {
  const addresses = new Set<string>(filesOf([PAUSE, BUSYBOX, NGINX, REDIS]));
  for (const folder of folders) {
    for (const module of await modulesIn(folder)) {
      const text = await Deno.readTextFile(`${REPOSITORY}${module}`);
      for (const address of addressesIn(module, text)) addresses.add(address);
    }
  }
  const found = [...addresses].filter((path) => path !== "" && !LEFT_OUT.has(path)).sort();
  const isModule = (path: string) => path.endsWith(".ts");
  return { entries: found.filter(isModule), files: found.filter((path) => !isModule(path)) };
}

function filesOf(recipes: readonly Recipe[]): string[] {
  return recipes.flatMap(({ files }) =>
    Object.values(files).flatMap((file) => "from" in file ? [file.from] : [])
  );
}

async function modulesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await Array.fromAsync(Deno.readDir(`${REPOSITORY}${folder}`)).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  });
  for (const { name, isDirectory } of entries) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...await modulesIn(path));
    else if (/\.ts$/.test(name) && !/_(test|contract)\.ts$/.test(name)) found.push(path);
  }
  return found;
}

/** What packages written for CommonJS take for granted, and modules do not have. */
const PRELUDE = [
  'import{createRequire as requireFrom}from"node:module";',
  "var require=requireFrom(import.meta.url);",
  "var __dirname=import.meta.dirname,__filename=import.meta.filename;\n",
].join("");

/** Deno, the modules and what they open, where they look for it. */
export async function layTree(root: string, { entries, files }: Beside): Promise<void> {
  await Deno.mkdir(`${root}/cmd`, { recursive: true });
  await bundle(MAIN, `${root}/cmd/wherry.js`, PRELUDE);
  for (const entry of entries) await bundle(entry, `${root}/${entry}`);
  for (const file of files) {
    await Deno.mkdir(dirname(`${root}/${file}`), { recursive: true });
    await Deno.copyFile(`${REPOSITORY}${file}`, `${root}/${file}`);
  }
  await Deno.copyFile(Deno.execPath(), `${root}/deno`);
  await Deno.chmod(`${root}/deno`, 0o755);
}

/** Modules that are imported on demand stay so within the one file. Native add-ons have other ways to run. */
async function bundle(module: string, output: string, prelude = ""): Promise<void> {
  await Deno.mkdir(dirname(output), { recursive: true });
  const draft = output.replace(/\.[jt]s$/, ".bundle.js");
  await run(Deno.execPath(), [
    ...["bundle", "--quiet", "--minify", "--keep-names"],
    ...["--external", "*.node", "--output", draft, module],
  ], { cwd: REPOSITORY });
  await Deno.writeTextFile(output, prelude + await Deno.readTextFile(draft));
  await Deno.remove(draft);
}
