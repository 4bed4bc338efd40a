import type { Log } from "../api/types/ambient.ts";
import { MetricRegistry } from "../api/types/metrics.ts";
import { type AuditRule, WRITES_ONLY } from "../api/audit/policy.ts";
import { readAuditPolicy } from "../api/audit/read_policy.ts";

/** A file that grows beyond is put aside; of those that were put aside so many stay. */
const FILE_BYTES_MAX = 100 * 1024 * 1024;
const FILES_KEPT = 5;

/** Lines that may wait for the disk. Beyond, lines are lost, and it is said how many. */
const WAITING_MAX = 10_000;

/** @throws {Error} naming the file and what is wrong with it */
export async function readPolicyFile(path: string): Promise<readonly AuditRule[]> {
  if (path === "") return WRITES_ONLY;
  try {
    const { parse } = await import("yaml");
    return readAuditPolicy(parse(await Deno.readTextFile(path)));
  } catch (error) {
    throw new Error(`Cannot read the audit policy ${path}: ${(error as Error).message}`);
  }
}

export interface AuditLogOptions {
  readonly bytesMax?: number;
  readonly metrics?: MetricRegistry;
}

/** Lines to a file, in order; whoever writes them never waits. */
export class AuditLog {
  readonly #path: string;
  readonly #log: Log;
  readonly #bytesMax: number;
  readonly #errors: { add(amount: number): void };
  #waiting: string[] = [];
  #lost = 0;
  #bytes = 0;
  #writing: Promise<void> | undefined;

  constructor(
    path: string,
    log: Log,
    { bytesMax = FILE_BYTES_MAX, metrics = new MetricRegistry() }: AuditLogOptions = {},
  ) {
    this.#path = path;
    this.#log = log;
    this.#bytesMax = bytesMax;
    const help = "Lines of the audit log that could not be written.";
    this.#errors = metrics.counter("apiserver_audit_error_total", help, ["plugin"]).one("log");
  }

  write(line: string): void {
    if (this.#waiting.length >= WAITING_MAX) {
      this.#lost += 1;
      this.#errors.add(1);
      return;
    }
    this.#waiting.push(line);
    this.#writing ??= this.#drain().finally(() => this.#writing = undefined);
  }

  /** Resolves when everything that was written is in the file. */
  async flushed(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // what comes in the same turn goes together
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.splice(0);
      try {
        await this.#append(lines.join("\n") + "\n");
      } catch (error) {
        this.#errors.add(lines.length);
        this.#log("Cannot write the audit log", { path: this.#path, error: String(error) });
      }
      if (this.#lost > 0) this.#log("The audit log lost lines", { lines: this.#lost });
      this.#lost = 0;
    }
  }

  async #append(text: string): Promise<void> {
    const file = await Deno.open(this.#path, { append: true, create: true, mode: 0o600 });
    try {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      this.#bytes = (await file.stat()).size;
    } finally {
      file.close();
    }
    if (this.#bytes >= this.#bytesMax) await this.#rotate();
  }

  async #rotate(): Promise<void> {
    const named = (age: number) => age === 0 ? this.#path : `${this.#path}.${age}`;
    for (let age = FILES_KEPT - 1; age >= 0; age -= 1) {
      await Deno.rename(named(age), named(age + 1)).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }
}
