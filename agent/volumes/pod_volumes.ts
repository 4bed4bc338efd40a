import type { Pod, Volume } from "../../api/types/core_v1.ts";
import type { InformerOptions } from "../../client/reflector.ts";
import { mountSecretMemory } from "../host_mounts.ts";
import type { PodFacts } from "../pod_fields.ts";
import type { RecordPodEvent } from "../sync_tools.ts";
import { FollowedObjects, type SeenObject } from "./followed_objects.ts";
import { type HeldVolumes, newHeld } from "./held_volumes.ts";
import { planVolume } from "./plan_volume.ts";
import { memoryFolder, memoryRoot, podFolder, volumeFolders } from "./pod_folders.ts";
import { PodTokens } from "./pod_tokens.ts";
import { readClaim } from "./read_claim.ts";
import { readSources } from "./read_sources.ts";
import { retryDelayMs, textOfFailure } from "./volume_failures.ts";
import { type VolumePlan, withoutContent } from "./volume_plan.ts";
import { showsFiles, showsPod } from "./volume_references.ts";
import { type SetUpTools, setUpVolume } from "./volume_setup.ts";

/** The pod's volumes can't be made for now; its events say why. */
export class VolumeError extends Error {
  override readonly name = "VolumeError";
}

export interface PodVolumesOptions extends InformerOptions, SetUpTools {
  readonly dataDir: string;
  readonly facts: () => PodFacts;
  readonly nodeLabels: () => Readonly<Record<string, string>>;
  readonly record: RecordPodEvent;
  /** Something that the pod waits for may have come. */
  readonly onChange: (podUid: string) => void;
}

/**
 * The volumes of the pods of this node: made before containers start, kept up to what they show for as long as the
 * pod runs, taken away when nothing runs any more. One pod's volumes are worked on by one at a time.
 */
export class PodVolumes {
  readonly #with: PodVolumesOptions;
  readonly #objects: FollowedObjects;
  readonly #tokens: PodTokens;
  readonly #held = new Map<string, HeldVolumes>();
  /** Pods that have ended and keep nothing here. */
  readonly #released = new Set<string>();
  #memory: Promise<void> | undefined;

  constructor(options: PodVolumesOptions) {
    this.#with = options;
    this.#objects = new FollowedObjects(options, (uid) => this.#onObject(uid));
    this.#tokens = new PodTokens(options.api, options.clock);
  }

  /**
   * Makes the pod's volumes, or brings what they show up to date.
   * @returns by name of the volume
   * @throws {VolumeError} after it has recorded the reasons as events of the pod
   */
  make(pod: Readonly<Pod>): Promise<ReadonlyMap<string, VolumePlan>> {
    if ((pod.spec.volumes ?? []).length === 0) return Promise.resolve(new Map());
    return this.#enqueue(this.#hold(pod));
  }

  /** When volumes that could not be made are to be tried again. */
  retryAt(podUid: string): number {
    return this.#held.get(podUid)?.retryAt ?? 0;
  }

  /** The pod runs, and the API has it so: files that show it follow, also where another agent made them. */
  follow(pod: Readonly<Pod>): void {
    if (!(pod.spec.volumes ?? []).some(showsFiles)) return;
    const { uid = "" } = pod.metadata;
    const held = this.#held.get(uid);
    if (held === undefined) {
      const adopted = this.#hold(pod);
      adopted.isUp = true;
      return this.#refresh(adopted);
    }
    if (held.pod === pod) return;
    const was = held.pod;
    held.pod = pod;
    if (held.isUp && looksOther(was, pod)) this.#refresh(held);
  }

  /** For pods that have ended and are still in the API. Doing it again costs nothing. */
  async release(podUid: string): Promise<void> {
    if (this.#released.has(podUid) && !this.#held.has(podUid)) return;
    await this.#letGo(podUid);
    const { files, dataDir } = this.#with;
    for (const folder of volumeFolders(dataDir, podUid)) await files.removeTree(folder);
    this.#released.add(podUid);
  }

  /** Takes away all that the pod has on this node; what it was shown of the node, or from elsewhere, stays. */
  async remove(podUid: string): Promise<void> {
    await this.#letGo(podUid);
    const { files, dataDir } = this.#with;
    await files.removeTree(podFolder(dataDir, podUid));
    await files.removeTree(memoryFolder(dataDir, podUid));
    this.#released.delete(podUid);
  }

  /** Pods that have something here. */
  async uids(): Promise<string[]> {
    const { files, dataDir } = this.#with;
    const folders = [podFolder(dataDir, ""), memoryRoot(dataDir)];
    return [...new Set((await Promise.all(folders.map((one) => files.list(one)))).flat())];
  }

  /** After what is under way has come to its end. */
  async #letGo(podUid: string): Promise<void> {
    const held = this.#held.get(podUid);
    if (held === undefined) return;
    held.isGone = true;
    this.#held.delete(podUid);
    await held.line;
    held.cancelTimer();
    this.#objects.forget(podUid);
    this.#tokens.forget(podUid);
  }

  #hold(pod: Readonly<Pod>): HeldVolumes {
    const { uid = "" } = pod.metadata;
    const held = this.#held.get(uid) ?? newHeld(pod);
    this.#held.set(uid, held);
    return held;
  }

  #enqueue(held: HeldVolumes): Promise<ReadonlyMap<string, VolumePlan>> {
    const made = held.line.then(() => this.#make(held));
    held.line = made.then(() => {}, () => {});
    return made;
  }

  #refresh(held: HeldVolumes): void {
    if (held.isStale || held.isGone) return;
    held.isStale = true;
    this.#enqueue(held).catch((error) => {
      const { name } = held.pod.metadata;
      this.#with.log("Cannot refresh the pod's volumes", { pod: name, error: String(error) });
    });
  }

  #onObject(podUid: string): void {
    const held = this.#held.get(podUid);
    if (held === undefined) return;
    if (held.isUp) return this.#refresh(held);
    held.retryAt = 0;
    this.#with.onChange(podUid);
  }

  /** Volumes of a pod that runs stay as they are where they can't be renewed; the rest is tried again. */
  async #make(held: HeldVolumes): Promise<ReadonlyMap<string, VolumePlan>> {
    held.isStale = false;
    held.cancelTimer();
    const { uid = "" } = held.pod.metadata;
    const volumes = held.pod.spec.volumes ?? [];
    const seen: SeenObject[] = [];
    const results = await Promise.allSettled(volumes.map((one) => this.#setUp(one, held, seen)));
    if (held.isGone) throw new VolumeError("The pod is gone");
    this.#objects.follow(uid, seen);
    const failures = results.flatMap((result, i) =>
      result.status === "rejected" ? [textOfFailure(volumes[i]?.name ?? "", result.reason)] : []
    );
    if (failures.length > 0) this.#note(held, failures);
    else [held.isUp, held.failures] = [true, 0];
    if (!held.isUp) throw new VolumeError(failures.join("; "));
    this.#wakeLater(held, failures.length > 0 ? held.retryAt : this.#tokens.renewAt(uid));
    return held.plans;
  }

  async #setUp(volume: Volume, held: HeldVolumes, seen: SeenObject[]): Promise<void> {
    if (held.plans.has(volume.name) && !showsFiles(volume)) return;
    const { pod } = held;
    const { api, dataDir, facts, nodeLabels } = this.#with;
    const { uid = "" } = pod.metadata;
    const [sources, claim] = await Promise.all([
      readSources(volume, pod, { objects: this.#objects, tokens: this.#tokens, seen }),
      readClaim(api, volume, pod),
    ]);
    const plan = planVolume(volume, {
      ...sources,
      pod,
      claim,
      facts: facts(),
      nodeName: facts().nodeName,
      nodeLabels: nodeLabels(),
      folder: podFolder(dataDir, uid),
      memoryFolder: memoryFolder(dataDir, uid),
    });
    if (plan.is === "files" && plan.isInMemory) await this.#openMemory();
    await setUpVolume(plan, this.#with);
    held.plans.set(volume.name, withoutContent(plan));
  }

  /** One for the node, on the first need of it: a mount for each pod would cost each start. */
  #openMemory(): Promise<void> {
    this.#memory ??= mountSecretMemory(this.#with.mounts, memoryRoot(this.#with.dataDir))
      .catch((error) => {
        this.#memory = undefined;
        throw error;
      });
    return this.#memory;
  }

  #note(held: HeldVolumes, failures: readonly string[]): void {
    const { record, clock } = this.#with;
    for (const text of failures) record(held.pod, "Warning", "FailedMount", text);
    held.retryAt = clock.now() + retryDelayMs(held.failures, held.pod);
    held.failures += 1;
  }

  #wakeLater(held: HeldVolumes, at: number): void {
    if (at === Infinity) return;
    const { clock } = this.#with;
    held.cancelTimer = clock.after(Math.max(0, at - clock.now()), () => this.#refresh(held));
  }
}

/** True when files that show the pod itself may have to change. */
function looksOther(before: Readonly<Pod>, after: Readonly<Pod>): boolean {
  if (!(after.spec.volumes ?? []).some(showsPod)) return false;
  const textOf = ({ metadata: { labels = {}, annotations = {} } }: Readonly<Pod>) =>
    JSON.stringify([labels, annotations]);
  return textOf(before) !== textOf(after);
}
