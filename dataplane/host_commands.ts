/** Where a system keeps its programs, also when the PATH of a service leaves out the sbin folders. */
const FOLDERS = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin"];

/** Runs programs of the host. Implementations: HostCommands, and records of calls in tests. */
export interface Commands {
  /**
   * Runs to the end. @returns what it wrote to standard output
   * @throws {CommandError} when it is not installed or ends with an exit code other than 0
   */
  run(command: string, args: readonly string[], stdin?: string): Promise<string>;
  /** @returns whether the program is installed */
  has(command: string): Promise<boolean>;
}

export class CommandError extends Error {
  override readonly name = "CommandError";
  constructor(command: string, args: readonly string[], readonly stderr: string) {
    super(`Cannot run ${[command, ...args].join(" ")}: ${stderr.trim()}`);
  }
}

export class HostCommands implements Commands {
  readonly #paths = new Map<string, string>();

  async run(command: string, args: readonly string[], stdin?: string): Promise<string> {
    const path = await this.#pathOf(command);
    if (path === undefined) throw new CommandError(command, args, "it is not installed");
    const child = new Deno.Command(path, {
      args: [...args],
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const [output] = await Promise.all([child.output(), this.#feed(child, stdin)]);
    const { success, stdout, stderr } = output;
    if (!success) throw new CommandError(command, args, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  }

  async has(command: string): Promise<boolean> {
    return await this.#pathOf(command) !== undefined;
  }

  async #feed(child: Deno.ChildProcess, stdin: string | undefined): Promise<void> {
    if (stdin === undefined) return;
    const writer = child.stdin.getWriter();
    try {
      await writer.write(new TextEncoder().encode(stdin));
      await writer.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error; // its exit code says more
    }
  }

  async #pathOf(command: string): Promise<string | undefined> {
    const known = this.#paths.get(command);
    if (known !== undefined) return known;
    for (const folder of FOLDERS) {
      const path = `${folder}/${command}`;
      try {
        if (!(await Deno.stat(path)).isFile) continue;
        this.#paths.set(command, path);
        return path;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return undefined;
  }
}
