import { execFile } from "node:child_process";
import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { dirname } from "node:path/posix";
import { promisify } from "node:util";
import { openPart } from "./host_sub_paths.ts";

const run = promisify(execFile);

/** A server that does not answer fails the mount after this, and the pod's back-off goes on from there. */
const MOUNT_PATIENCE_MS = 60_000;
const UNMOUNT_PATIENCE_MS = 10_000;
/** Mounts may lie on top of each other: each round takes the uppermost away. */
const UNMOUNT_ROUNDS_MAX = 8;

export interface MountRequest {
  /** Absent: the kernel finds out, or need not know. */
  readonly type?: string;
  readonly source: string;
  readonly target: string;
  readonly options: readonly string[];
}

/** A file or folder in a volume that is to be seen at `target`. */
export interface PartRequest {
  readonly volumePath: string;
  /** Relative; it may contain links, which must stay in the volume. */
  readonly subPath: string;
  /** What is not there becomes a folder. */
  readonly isMade: boolean;
  readonly target: string;
}

/** What is mounted on the node, as far as pods need it. Implementations: KernelMounts, and FakeMounts in tests. */
export interface HostMounts {
  /** Places at `path` and below it where something is mounted, in the order in which it was. */
  below(path: string): Promise<string[]>;
  /** Makes the target; where something is mounted already nothing is done. @throws {MountError} */
  mount(request: MountRequest): Promise<void>;
  /**
   * Lets the part be seen at the target instead of what is seen there now. It is the very file that was checked,
   * whatever is put in its place meanwhile. @throws {MountError} when it is not in the volume
   */
  bindPart(request: PartRequest): Promise<void>;
  /** @throws {MountError} when something is still mounted at `path` or below it afterwards */
  unmountBelow(path: string): Promise<void>;
}

export class MountError extends Error {
  override readonly name = "MountError";
}

export class KernelMounts implements HostMounts {
  async below(path: string): Promise<string[]> {
    const place = await realpath(path).catch(() => path);
    return (await readFile("/proc/self/mountinfo", "utf8")).split("\n")
      .map((line) => unescaped(line.split(" ")[4] ?? ""))
      .filter((one) => one === place || one.startsWith(`${place}/`));
  }

  async mount({ type, source, target, options }: MountRequest): Promise<void> {
    await mkdir(target, { recursive: true });
    if ((await this.below(target)).length > 0) return;
    const args = [
      ...type === undefined ? [] : ["-t", type],
      ...options.length === 0 ? [] : ["-o", options.join(",")],
      source,
      target,
    ];
    await this.#mount(args);
  }

  async bindPart({ target, ...part }: PartRequest): Promise<void> {
    await this.unmountBelow(target);
    await using opened = await openPart(part);
    await mkdir(dirname(target), { recursive: true });
    if (opened.isFolder) await mkdir(target, { recursive: true });
    else await writeFile(target, "");
    await this.#mount(["--no-canonicalize", "--bind", opened.path, target]);
  }

  /** Text: k8s.io/mount-utils, doMount. */
  async #mount(args: readonly string[]): Promise<void> {
    const failure = await failureOf("mount", args, MOUNT_PATIENCE_MS);
    if (failure === undefined) return;
    throw new MountError(
      `mount failed: ${failure.why}\nMounting command: mount\n` +
        `Mounting arguments: ${args.join(" ")}\nOutput: ${failure.output}`,
    );
  }

  /** What does not let go, such as the folder of a server that is away, is at least taken out of the tree. */
  async unmountBelow(path: string): Promise<void> {
    let failure = "";
    for (let round = 0; round < UNMOUNT_ROUNDS_MAX; round += 1) {
      const places = await this.below(path);
      if (places.length === 0) return;
      for (const place of places.reverse()) {
        const failed = await failureOf("umount", [place], UNMOUNT_PATIENCE_MS);
        if (failed === undefined) continue;
        failure = failed.output;
        await failureOf("umount", ["--lazy", place], UNMOUNT_PATIENCE_MS);
      }
    }
    if ((await this.below(path)).length === 0) return;
    throw new MountError(`Cannot unmount what is below ${path}: ${failure}`);
  }
}

async function failureOf(
  command: string,
  args: readonly string[],
  timeout: number,
): Promise<{ why: string; output: string } | undefined> {
  try {
    await run(command, [...args], { timeout });
  } catch (error) {
    const { code, killed, stderr = "", message } = error as Error & {
      code?: number | string;
      killed?: boolean;
      stderr?: string;
    };
    const why = killed ? `no answer within ${timeout / 1000} s` : `exit status ${code}`;
    return { why, output: stderr.trim() || message };
  }
}

/** Only root looks into it, and what is in it never reaches a disk where the kernel can promise that. */
export async function mountSecretMemory(mounts: HostMounts, target: string): Promise<void> {
  const mount = (options: readonly string[]) =>
    mounts.mount({ type: "tmpfs", source: "tmpfs", target, options });
  try {
    await mount(["mode=0700", "noswap"]);
  } catch (error) {
    if (!(error instanceof MountError)) throw error;
    await mount(["mode=0700"]);
  }
}

/** The kernel writes blanks in mount points as octal. */
function unescaped(place: string): string {
  return place.replaceAll(/\\(\d{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)));
}
