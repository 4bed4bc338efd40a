import type { Log } from "../../api/types/ambient.ts";
import { LEASE_SECONDS_MIN } from "../../api/types/node_lease.ts";
import type { HostFiles } from "../host_files.ts";
import type { FencedPod } from "./fenced_pod.ts";

/** The time of the last renewal is written this often at the most: an older one only stops pods sooner. */
const HEARD_EVERY_MS = 1_000;

export interface FenceMemoryOptions {
  readonly files: HostFiles;
  /** Everything of it lies here: `heard`, and `pods.json`. */
  readonly folder: string;
  readonly log: Log;
}

/** What an agent that starts while the node is cut off knows of the one before it. */
export interface Remembered {
  /** When the last renewal that came off was sent. */
  readonly heardAt: number;
  /** How long that holds. */
  readonly leaseMs: number;
  readonly pods: readonly FencedPod[];
}

/**
 * Keeps on disk what the fence needs. Files are replaced whole, and not forced to the disk: after a loss of power
 * nothing runs that would have to end.
 */
export class FenceMemory {
  readonly #with: FenceMemoryOptions;
  #heard = { sentAt: 0, leaseMs: 0 };
  #isWritingHeard = false;
  #kept = "";
  /** What was seen last and is not being written yet. */
  #next: readonly FencedPod[] = [];
  /** The write that is under way, and the one after it, which takes all that is seen until it begins. */
  #writing: Promise<void> = Promise.resolve();
  #following: Promise<void> | undefined;

  constructor(options: FenceMemoryOptions) {
    this.#with = options;
  }

  /** @returns undefined when this node has never reached the API, or its files can't be read */
  async recall(): Promise<Remembered | undefined> {
    const { files, folder, log } = this.#with;
    const [heard, pods] = await Promise.all([
      files.readText(`${folder}/heard`),
      files.readText(`${folder}/pods.json`),
    ]);
    if (heard === "") return undefined;
    try {
      return { ...heardIn(heard), pods: pods === "" ? [] : podsOf(pods) };
    } catch (error) {
      log("What the node knows of its pods can't be read", { folder, error: String(error) });
      return undefined;
    }
  }

  /** A renewal that was sent then has come off, and holds for so long. */
  heard(sentAt: number, leaseMs: number): void {
    const isSameLease = leaseMs === this.#heard.leaseMs;
    if (isSameLease && sentAt - this.#heard.sentAt < HEARD_EVERY_MS) return;
    this.#heard = { sentAt, leaseMs };
    if (!this.#isWritingHeard) void this.#writeHeard();
  }

  /** What is heard while a write is under way is written after it: a lease that is shorter now must be known. */
  async #writeHeard(): Promise<void> {
    this.#isWritingHeard = true;
    for (let written; written !== this.#heard;) {
      const { sentAt, leaseMs } = written = this.#heard;
      await this.#replace("heard", `${sentAt} ${leaseMs}\n`);
    }
    this.#isWritingHeard = false;
  }

  /** These are the node's pods. */
  see(pods: readonly FencedPod[]): void {
    this.#next = pods;
    this.#following ??= this.#writing.then(() => this.#write());
  }

  /** Resolves once what has been seen so far is kept. A disk that fails is no reason to run nothing. */
  settled(): Promise<void> {
    return this.#following ?? this.#writing;
  }

  async #write(): Promise<void> {
    this.#writing = this.#following ?? this.#writing;
    this.#following = undefined;
    const text = textOf(this.#next);
    if (text === this.#kept) return;
    this.#kept = text;
    await this.#replace("pods.json", text);
  }

  async #replace(name: string, text: string): Promise<void> {
    const { files, folder, log } = this.#with;
    const path = `${folder}/${name}`;
    try {
      await files.writeFile(`${path}.new`, { bytes: new TextEncoder().encode(text), mode: 0o600 });
      await files.move(`${path}.new`, path);
    } catch (error) {
      this.#kept = "";
      log("Cannot keep what a new agent must know while the API is away", {
        ...{ path, error: String(error) },
      });
    }
  }
}

/** For ever is null, as JSON knows no infinity. */
function textOf(pods: readonly FencedPod[]): string {
  return `${JSON.stringify(pods)}\n`;
}

/** Older agents wrote no length: theirs was the shortest. */
function heardIn(text: string): Pick<Remembered, "heardAt" | "leaseMs"> {
  const [heardAt = 0, leaseMs = LEASE_SECONDS_MIN * 1000] = text.trim().split(" ").map(Number);
  if (![heardAt, leaseMs].every((one) => Number.isSafeInteger(one) && one > 0)) {
    throw new Error(`heard is ${JSON.stringify(text)}`);
  }
  return { heardAt, leaseMs };
}

function podsOf(text: string): FencedPod[] {
  const pods: unknown = JSON.parse(text);
  if (!Array.isArray(pods)) throw new Error("pods.json holds no list");
  return pods.map(podOf);
}

function podOf(one: unknown): FencedPod {
  const { uid, name, toleratedSeconds, graceSeconds } = (one ?? {}) as Record<string, unknown>;
  const tolerated = toleratedSeconds === null ? Infinity : toleratedSeconds;
  const isWhole = typeof uid === "string" && typeof name === "string" &&
    typeof tolerated === "number" && typeof graceSeconds === "number";
  if (!isWhole) throw new Error(`pods.json holds ${JSON.stringify(one)}`);
  return { uid, name, toleratedSeconds: tolerated, graceSeconds };
}
