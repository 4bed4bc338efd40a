/** Runs a program to its end. @throws {Error} with what it wrote to stderr when it failed */
export async function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string } = {},
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
    ...options,
  }).output();
  const text = new TextDecoder();
  if (code === 0) return text.decode(stdout);
  throw new Error(`${program} ${args.join(" ")} failed: ${text.decode(stderr).trim()}`);
}

/** Left out of images: read by people, or by programs that are not there. */
const UNREAD = ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian"];

/** Files of a base system that a single program never opens; conversion tables are most of libc6. */
const UNUSED_OF_LIBC = "usr/lib/*/gconv";

/** Downloads the packages with the libraries they need, and lays their files into `root`. */
export async function unpackPackages(packages: readonly string[], root: string): Promise<void> {
  await layMergedUsr(root);
  if (packages.length === 0) return;
  const downloads = `${root}.packages`;
  await Deno.mkdir(downloads);
  try {
    await downloadPackages(packages, downloads);
    for await (const { name } of Deno.readDir(downloads)) {
      if (name.endsWith(".deb")) await unpack(`${downloads}/${name}`, root);
    }
  } finally {
    await Deno.remove(downloads, { recursive: true });
  }
}

/**
 * The libraries in what `apt-cache depends` prints. Other packages are left: their scripts are for a whole
 * system, which an image is not. Of alternatives, marked by a bar on all but the last, the first is taken.
 */
export function librariesIn(dependsText: string): string[] {
  const libraries: string[] = [];
  let isAlternative = false;
  for (const [, bar, name] of dependsText.matchAll(/^ +(\|?)(?:Pre)?Depends: (\S+)$/gm)) {
    if (!isAlternative && /^(lib|zlib)[a-z0-9.+-]+$/.test(name!)) libraries.push(name!);
    isAlternative = bar === "|";
  }
  return libraries;
}

async function withLibraries(packages: readonly string[]): Promise<string[]> {
  const all = new Set(packages);
  for (let fresh = [...packages]; fresh.length > 0;) {
    const found = librariesIn(await run("apt-cache", ["depends", ...fresh]));
    fresh = [...new Set(found)].filter((name) => !all.has(name));
    for (const name of fresh) all.add(name);
  }
  return [...all].sort();
}

async function downloadPackages(packages: readonly string[], folder: string): Promise<void> {
  const download = async () => {
    const args = ["-o", "APT::Sandbox::User=root", "download", ...await withLibraries(packages)];
    await run("apt-get", ["-q", ...args], { cwd: folder });
  };
  try {
    await download();
  } catch {
    // A machine whose package lists are missing or old: fetch them and try once more.
    await run("apt-get", ["-q", "update"]);
    await download();
  }
}

/** Debian's libraries expect /lib and /usr/lib to be one folder. */
async function layMergedUsr(root: string): Promise<void> {
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await Deno.mkdir(`${root}/usr/${name}`, { recursive: true });
    await Deno.symlink(`usr/${name}`, `${root}/${name}`);
  }
  for (const name of ["dev", "etc", "proc", "root", "run", "sys", "tmp"]) {
    await Deno.mkdir(`${root}/${name}`, { recursive: true });
  }
  await Deno.chmod(`${root}/tmp`, 0o1777);
}

async function unpack(packageFile: string, root: string): Promise<void> {
  const excludes = [...UNREAD, UNUSED_OF_LIBC].map((path) => `--exclude='./${path}'`).join(" ");
  const tar = `tar -x --keep-directory-symlink --wildcards ${excludes} -C "$2"`;
  await run("sh", ["-ec", `dpkg-deb --fsys-tarfile "$1" | ${tar}`, "sh", packageFile, root]);
}
