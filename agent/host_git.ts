import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path/posix";
import { promisify } from "node:util";

const run = promisify(execFile);

const PATIENCE_MS = 120_000;
/** A repository on the node itself would show a pod what it may not see. */
const PROTOCOLS = "http:https:git:ssh";

export interface GitSource {
  readonly repository: string;
  /** Empty: the one that its HEAD names. */
  readonly revision: string;
  /** Below the volume; ".": the volume itself; empty: as the repository is called. */
  readonly directory: string;
}

/** Fills an empty folder from a repository. It throws what git has said. */
export type CloneGit = (source: GitSource, target: string) => Promise<void>;

/** Runs git without any configuration or hook of the node or of the repository. */
export async function cloneGit(
  { repository, revision, directory }: GitSource,
  target: string,
): Promise<void> {
  await git(["clone", "--", repository, ...directory === "" ? [] : [directory]], target);
  if (revision === "") return;
  const [only = ""] = await readdir(target);
  const checkout = directory === "." ? target : join(target, directory || only);
  await git(["checkout", "--quiet", revision, "--"], checkout);
  await git(["reset", "--hard"], checkout);
}

/** Text: k8s.io/kubernetes, pkg/volume/git_repo. */
async function git(args: readonly string[], cwd: string): Promise<void> {
  const env = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/nonexistent",
    GIT_ALLOW_PROTOCOL: PROTOCOLS,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
  };
  const safe = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"];
  try {
    await run("git", [...safe, ...args], { cwd, env, timeout: PATIENCE_MS });
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    throw new Error(`failed to exec 'git ${args.join(" ")}': ${stderr.trim() || message}`);
  }
}
