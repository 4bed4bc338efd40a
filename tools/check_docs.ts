/** Part of `deno task check`: links between pages lead somewhere, and commands in pages are tasks that exist. */
import { dirname, join } from "node:path";

/** Links to files of this repository in Markdown, without anchors; web addresses are left. */
export function linksIn(markdown: string): string[] {
  const prose = markdown.replace(/```[\s\S]*?```/g, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target.replace(/#.*$/, ""))
    .filter((target) => target !== "" && !/^[a-z]+:/.test(target));
}

/** Names of tasks that the text tells to run, such as `up` in `npx -y deno@2.9.6 task up`. */
export function tasksIn(markdown: string): string[] {
  const found = markdown.matchAll(/\bdeno(?:@[\d.]+)? task ([a-z][a-z0-9_-]*)/g);
  return [...new Set([...found].map(([, name = ""]) => name))];
}

function pagesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    if (name.startsWith(".") || name === "node_modules") return [];
    const path = join(folder, name);
    if (isDirectory) return pagesIn(path);
    return name.endsWith(".md") ? [path] : [];
  });
}

async function complaintsAbout(page: string, tasks: ReadonlySet<string>): Promise<string[]> {
  const text = await Deno.readTextFile(page);
  const complaints = tasksIn(text).filter((name) => !tasks.has(name))
    .map((name) => `${page}: there is no task ${name}`);
  for (const link of linksIn(text)) {
    const isThere = await Deno.stat(join(dirname(page), link)).then(() => true, () => false);
    if (!isThere) complaints.push(`${page}: ${link} leads nowhere`);
  }
  return complaints;
}

async function main(): Promise<void> {
  const config = JSON.parse(await Deno.readTextFile("deno.json")) as { tasks: object };
  const tasks = new Set(Object.keys(config.tasks));
  const pages = pagesIn(".");
  const complaints = (await Promise.all(pages.map((page) => complaintsAbout(page, tasks)))).flat();
  for (const complaint of complaints) console.error(complaint);
  console.log(`${pages.length} pages, ${complaints.length} complaints`);
  Deno.exit(complaints.length === 0 ? 0 : 1);
}

if (import.meta.main) {
  Deno.chdir(new URL("../", import.meta.url));
  await main();
}
