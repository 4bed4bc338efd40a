import type { Clock, Log } from "../../api/types/ambient.ts";
import type { Pod } from "../../api/types/core_v1.ts";
import { timeText } from "../status_sources.ts";
import { ManifestError, staticPod } from "./manifest.ts";

/** Where manifests come from: path and text. Implementations: ManifestFolder, and a map in tests. */
export interface ManifestSource {
  read(): Promise<ReadonlyMap<string, string>>;
  /** Calls back whenever something may have changed, until `signal` aborts. */
  watch(onChange: () => void, signal: AbortSignal): void;
}

/** A file is often written in several steps. */
const SETTLE_MS = 200;
/** Reads the folder though nothing was told of it: a watch can miss what happens while it begins. */
export const READ_EVERY_MS = 60_000;

export interface StaticPodsOptions {
  readonly source: ManifestSource;
  readonly nodeName: string;
  /** The pod is there from now on, is another one, or is gone. */
  readonly change: (before: Readonly<Pod> | undefined, after: Readonly<Pod> | undefined) => void;
  /** Something is wrong with this file. */
  readonly complain: (path: string, why: string) => void;
  /** The pods are others. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The pods of the node's own files: they run with the API or without it, and end with their file. */
export class StaticPods {
  readonly #with: StaticPodsOptions;
  /** By uid; those that end stay until nothing is left of them. */
  readonly #pods = new Map<string, Readonly<Pod>>();
  readonly #complaints = new Map<string, string>();
  #reading: Promise<void> | undefined;
  #isStale = false;

  constructor(options: StaticPodsOptions) {
    this.#with = options;
  }

  /** Those that should run. */
  pods(): Readonly<Pod>[] {
    return [...this.#pods.values()].filter((pod) => !isEnding(pod));
  }

  of(uid: string): Readonly<Pod> | undefined {
    return this.#pods.get(uid);
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, clock } = this.#with;
    let settle = () => {};
    await this.read();
    source.watch(() => {
      settle();
      settle = clock.after(SETTLE_MS, () => void this.read());
    }, signal);
    while (!signal.aborted) {
      await clock.sleep(READ_EVERY_MS, signal);
      if (!signal.aborted) await this.read();
    }
  }

  /** Nothing is left of this pod. */
  ended(uid: string): void {
    const pod = this.#pods.get(uid);
    if (pod === undefined || !isEnding(pod)) return;
    this.#pods.delete(uid);
    this.#with.change(pod, undefined);
    void this.read();
  }

  async read(): Promise<void> {
    this.#isStale = true;
    this.#reading ??= this.#readAll().finally(() => this.#reading = undefined);
    await this.#reading;
  }

  async #readAll(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      try {
        this.#take(await this.#wanted(await this.#with.source.read()));
      } catch (error) {
        this.#with.log("Cannot read the folder of manifests", { error: String(error) });
      }
    }
  }

  /** By name, which the first file has that claims it. A file that can't be read leaves its pod as it is. */
  async #wanted(files: ReadonlyMap<string, string>): Promise<Map<string, Readonly<Pod>>> {
    const { nodeName, clock } = this.#with;
    const wanted = new Map<string, Readonly<Pod>>();
    for (const [path, text] of files) {
      try {
        const json = await parsed(text);
        const pod = staticPod(json, { path, nodeName, seen: timeText(clock.now()) });
        const name = placeOf(pod);
        if (wanted.has(name)) throw new ManifestError(`another file has the pod ${name} already`);
        wanted.set(name, pod);
        this.#complaints.delete(path);
      } catch (error) {
        this.#complain(path, error instanceof Error ? error.message : String(error));
      }
    }
    for (const path of this.#complaints.keys()) {
      if (!files.has(path)) this.#complaints.delete(path);
    }
    return wanted;
  }

  /** Once for each mistake, however often the file is read. */
  #complain(path: string, why: string): void {
    if (this.#complaints.get(path) === why) return;
    this.#complaints.set(path, why);
    this.#with.complain(path, why);
  }

  #take(wanted: ReadonlyMap<string, Readonly<Pod>>): void {
    const { change, clock, onChange } = this.#with;
    const uids = new Set([...wanted.values()].map(({ metadata }) => metadata.uid));
    for (const [uid, pod] of this.#pods) {
      if (uids.has(uid) || isEnding(pod)) continue;
      const deletionGracePeriodSeconds = pod.spec.terminationGracePeriodSeconds ?? 30;
      const deletionTimestamp = timeText(clock.now());
      const ending = {
        ...pod,
        metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds },
      };
      this.#pods.set(uid, ending);
      change(pod, ending);
    }
    const taken = new Set([...this.#pods.values()].map(placeOf));
    for (const [place, pod] of wanted) {
      const { uid = "" } = pod.metadata;
      // what was changed waits for the end of what it was
      if (this.#pods.has(uid) || taken.has(place)) continue;
      this.#pods.set(uid, pod);
      change(undefined, pod);
    }
    onChange();
  }
}

const isEnding = ({ metadata }: Readonly<Pod>) => metadata.deletionTimestamp !== undefined;

const placeOf = ({ metadata }: Readonly<Pod>) => `${metadata.namespace}/${metadata.name}`;

/** YAML is loaded when somebody has a manifest. */
async function parsed(text: string): Promise<unknown> {
  const { parse } = await import("yaml");
  return parse(text);
}
