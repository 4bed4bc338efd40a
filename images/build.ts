import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { unpackPackages } from "./debian.ts";
import type { Engine } from "./engine.ts";
import { BUSYBOX, type ImageFile, PAUSE, type Recipe } from "./recipes.ts";

const REPOSITORY = new URL("../", import.meta.url).pathname;

/** Holds the hash of the recipe an image was made by: equal means that nothing is to be made. */
export const RECIPE_LABEL = "dev.wherry.recipe";

export const ensurePauseImage = (engine: Engine) => ensureImage(engine, PAUSE);
export const ensureBusyboxImage = (engine: Engine) => ensureImage(engine, BUSYBOX);

/** What became of the wish for an image. */
export type ImageOrigin = "local" | "pulled" | "built";

/** Makes the image unless the engine has it, made by this very recipe. @returns its name */
export async function ensureImage(engine: Engine, recipe: Recipe): Promise<string> {
  const hash = await hashOf(recipe);
  const there = await engine.inspectImage(recipe.name);
  if (there?.Config.Labels?.[RECIPE_LABEL] !== hash) await build(engine, recipe, hash);
  return recipe.name;
}

/** How long a registry may take before the image is made from Debian packages instead. */
const PULL_TIMEOUT_MS = 8_000;

/** Any image of this name will do: the one that is there, a registry's, or else one of Debian packages. */
export async function obtainImage(engine: Engine, recipe: Recipe): Promise<ImageOrigin> {
  if (await engine.inspectImage(recipe.name) !== undefined) return "local";
  try {
    await engine.pullImage(recipe.name, PULL_TIMEOUT_MS);
    return "pulled";
  } catch {
    await ensureImage(engine, recipe); // no registry answers, whatever the reason
    return "built";
  }
}

async function build(engine: Engine, recipe: Recipe, hash: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wherry-image-" });
  const root = `${folder}/root`;
  try {
    await Deno.mkdir(root, { mode: 0o755 });
    if (recipe.packages.length > 0) await unpackPackages(recipe.packages, root);
    for (const [path, file] of Object.entries(recipe.files)) await lay(`${root}${path}`, file);
    await engine.importImage(recipe.name, tarOf(root), [
      ...recipe.changes,
      `LABEL ${RECIPE_LABEL}=${hash}`,
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function lay(path: string, file: ImageFile): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  if ("linkTo" in file) {
    const isThere = await Deno.lstat(path).then(() => true, () => false);
    if (!isThere) await Deno.symlink(file.linkTo, path);
    return;
  }
  if ("from" in file) await Deno.copyFile(`${REPOSITORY}${file.from}`, path);
  else await Deno.writeTextFile(path, file.text);
  await Deno.chmod(path, file.mode ?? 0o644);
}

/** The same folder gives the same bytes: sorted, owned by root, without times. */
function tarOf(root: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  const args = "--sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -c .".split(" ");
  return new Deno.Command("tar", { args: ["-C", root, ...args], stdout: "piped" }).spawn().stdout;
}

/** Covers the recipe and the files it takes from here; newer packages come with a removal of the image. */
async function hashOf(recipe: Recipe): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(recipe));
  for (const file of Object.values(recipe.files)) {
    if ("from" in file) hash.update(await Deno.readFile(`${REPOSITORY}${file.from}`));
  }
  return hash.digest("hex").slice(0, 32);
}
