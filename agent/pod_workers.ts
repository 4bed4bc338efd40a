import type { Clock, Log } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { PODS } from "../api/types/resources.ts";
import { hasReason } from "../api/types/status.ts";
import { aborted } from "../client/aborted.ts";
import { WorkQueue } from "../client/queue.ts";
import { applySync } from "./apply_sync.ts";
import { PODS_MAX } from "./node_object.ts";
import { type AdmissionSources, admit } from "./pod_admission.ts";
import { isOver } from "./pod_phase.ts";
import { newRecord, type PodRecord } from "./pod_record.ts";
import { report, retryTimes, tellBackOffs } from "./pod_reports.ts";
import { runningSandbox } from "./pod_status.ts";
import type { ProbeResults } from "./probes.ts";
import { isComplete } from "./restart_policy.ts";
import { failedFor, type RuntimeContainer } from "./runtime.ts";
import type { PodFailure } from "./status_sources.ts";
import type { StatusWriter } from "./status_writer.ts";
import { FORGOTTEN_GRACE_SECONDS } from "./stop_containers.ts";
import { type FailedProbe, planSync, type SyncPlan, type Wanted } from "./sync.ts";
import { type Applied, type SyncTools } from "./sync_tools.ts";

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 60_000;
/** What is under way when the agent ends may still be finished within this. */
const STOP_PATIENCE_MS = 1_000;

export interface PodWorkersOptions {
  readonly tools: SyncTools;
  readonly statuses: StatusWriter;
  readonly probes: ProbeResults;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly nodeLabels: () => Readonly<Record<string, string>>;
  /** Why the node takes no pod like this one now. */
  readonly refusalOf?: (pod: Readonly<Pod>) => PodFailure | undefined;
  /** The runtime and our picture of it differ: make a new one. */
  readonly relist: () => Promise<void>;
  /** Resolves once an agent that starts without the API would know of the pods that this one knows. */
  readonly remembered: () => Promise<void>;
}

/** One worker for each pod: observe, plan, apply, report. Pods don't wait for each other. */
export class PodWorkers {
  readonly #with: PodWorkersOptions;
  readonly #queue: WorkQueue;
  readonly #pods = new Map<string, Readonly<Pod>>();
  readonly #records = new Map<string, PodRecord>();
  #knowsAll = false;
  /** How often the runtime has come back. */
  #timesBack = 0;

  constructor(options: PodWorkersOptions) {
    this.#with = options;
    this.#queue = new WorkQueue({
      clock: options.clock,
      backoffFirstMs: RETRY_FIRST_MS,
      backoffMaxMs: RETRY_MAX_MS,
    });
  }

  /** The pods that the API has bound to this node, with the newest status. */
  pods(): Readonly<Pod>[] {
    return [...this.#pods.values()].map((pod) => this.#with.statuses.latest(pod));
  }

  pod(uid: string): Readonly<Pod> | undefined {
    return this.#pods.get(uid);
  }

  /** The API has this pod, or has it no more. */
  change(before: Readonly<Pod> | undefined, after: Readonly<Pod> | undefined): void {
    const { uid = "" } = (after ?? before)?.metadata ?? {};
    if (after === undefined) this.#pods.delete(uid);
    else this.#pods.set(uid, after);
    // a pod that was replaced under the same name within one change
    if (before?.metadata.uid !== undefined && before.metadata.uid !== uid) {
      this.#pods.delete(before.metadata.uid);
      this.poke(before.metadata.uid);
    }
    this.#hurry(uid);
    this.poke(uid);
  }

  /** Something about this pod may have changed. */
  poke(uid: string): void {
    this.#queue.add(uid);
  }

  /** The runtime was away and is back: what failed meanwhile need not wait. */
  tryAgain(): void {
    this.#with.tools.images.tryAgain();
    this.#timesBack++;
    for (const [uid, record] of this.#records) {
      record.restsUntil = 0;
      this.#queue.forget(uid);
      this.poke(uid);
    }
  }

  /** What the API has bound to this node is known: what runs besides is left over. */
  knowsAll(): void {
    this.#knowsAll = true;
  }

  /** Ends a pod for the node's sake: it is over once its containers have stopped. The first reason stays. */
  end(uid: string, failure: PodFailure): void {
    const pod = this.#pods.get(uid);
    if (pod === undefined || isOver(pod.status?.phase)) return;
    this.#recordOf(uid).failure ??= failure;
    this.poke(uid);
  }

  /** Stops what runs of a pod within these seconds, or lets it run again: it is neither over nor refused. */
  hold(uid: string, graceSeconds: number | undefined): void {
    this.#recordOf(uid).heldSeconds = graceSeconds;
    this.poke(uid);
  }

  /** Works until `signal` aborts. */
  async run(): Promise<void> {
    const { signal } = this.#with;
    const work = async () => {
      for (;;) {
        const uid = await this.#queue.next(signal);
        if (uid === undefined) return;
        await this.#syncSafely(uid);
        this.#queue.done(uid);
      }
    };
    const all = Promise.all(Array.from({ length: PODS_MAX }, work));
    await Promise.race([all, this.#patience()]);
    this.#queue.close();
  }

  /** A pod's grace period does not hold up the agent's own end: the next agent goes on with it. */
  async #patience(): Promise<void> {
    const { clock, signal } = this.#with;
    await aborted(signal);
    await clock.sleep(STOP_PATIENCE_MS);
  }

  async #syncSafely(uid: string): Promise<void> {
    const { log, relist, tools, clock } = this.#with;
    const timesBack = this.#timesBack;
    try {
      await this.#sync(uid);
      // one that rests has done all but what failed
      if ((this.#records.get(uid)?.restsUntil ?? 0) <= clock.now()) this.#queue.forget(uid);
    } catch (error) {
      const pod = this.#pods.get(uid);
      const message = error instanceof Error ? error.message : String(error);
      const retryMs = this.#queue.addLater(uid);
      if (timesBack === this.#timesBack) this.#recordOf(uid).restsUntil = clock.now() + retryMs;
      log("Cannot sync the pod", { pod: pod?.metadata.name ?? uid, error: message, retryMs });
      if (pod !== undefined) tools.record(pod, "Warning", "FailedSync", message);
      if (failedFor(error, "NameTaken", "NoSuchContainer", "NotRunning")) await relist();
    }
  }

  async #sync(uid: string): Promise<void> {
    const { statuses, clock, tools } = this.#with;
    const known = this.#pods.get(uid);
    const heldSeconds = this.#records.get(uid)?.heldSeconds;
    if (known === undefined && !this.#knowsAll && heldSeconds === undefined) return;
    const record = this.#recordOf(uid);
    const pod = known === undefined ? podWithoutObject(uid, tools) : statuses.latest(known);
    if (known !== undefined) admit(pod, record, this.#admission());
    const containers = tools.observed.of(uid);
    if (known !== undefined) await tools.messages.learn(pod, containers);
    const isForgotten = known === undefined && this.#knowsAll;
    const wanted = wantedOf(isForgotten ? undefined : pod, record, containers);
    const plan = planSync({
      pod,
      wanted,
      containers,
      ...this.#verdicts(pod, containers),
      retryAt: retryTimes(pod, record, tools),
      previousKept: tools.garbage.perContainerMax,
      now: clock.now(),
    });
    if (known !== undefined && wanted === "run") {
      report(pod, record, plan.waiting, this.#with);
      tellBackOffs(pod, plan.waiting, tools);
    }
    if (plan.start.length > 0) await this.#with.remembered();
    const given = withGrace(pod, graceGiven(record, isForgotten));
    const quit = new AbortController();
    record.pass = { quit, signal: quit.signal, stopping: new Map() };
    const applied = await applySync(plan, given, tools, record.pass)
      .finally(() => record.pass = undefined);
    if (known !== undefined) await tools.messages.learn(pod, tools.observed.of(uid));
    this.#remember(record, plan, applied);
    if (wanted === "gone") return await this.#finish(uid, pod, known !== undefined);
    // one that is held may run again, with what it has in its volumes
    if (wanted === "ended" && record.heldSeconds === undefined) await tools.volumes.release(uid);
    if (wanted === "run" && runningSandbox(tools.observed.of(uid)) !== undefined) {
      tools.volumes.follow(known ?? pod);
    }
    if (known !== undefined) this.#reportAndWake(uid, record, plan, wanted);
  }

  #admission(): AdmissionSources {
    const pods = () => this.pods();
    return { ...this.#with, pods, poke: (uid) => this.poke(uid) };
  }

  #remember(record: PodRecord, plan: SyncPlan, { failures, ip }: Applied): void {
    for (const { container } of plan.start) record.failures.delete(container.name);
    for (const [name, failure] of failures) record.failures.set(name, failure);
    if (plan.releases) record.ip = undefined;
    if (ip !== undefined) record.ip = ip;
  }

  /** What the pass has made of the pod; a pod that has ended, or that waits, is looked at again. */
  #reportAndWake(uid: string, record: PodRecord, plan: SyncPlan, wanted: Wanted): void {
    const { statuses, clock, probes } = this.#with;
    const known = this.#pods.get(uid);
    if (known === undefined) return;
    const pod = statuses.latest(known);
    const before = pod.status?.phase;
    const phase = report(pod, record, plan.waiting, this.#with);
    probes.follow(pod, this.#ipOf(pod, record));
    if (isOver(phase) && !isOver(before)) return this.poke(uid);
    // what is not to run has nothing to try again
    const retries = wanted === "run" ? retryTimes(pod, record, this.#with.tools).values() : [];
    const wakeAt = Math.min(plan.wakeAt ?? Infinity, ...retries);
    if (wakeAt < Infinity) this.#queue.addAfter(uid, Math.max(0, wakeAt - clock.now()));
  }

  /** With the node's network the address is the node's; another agent may have wired the pod. */
  #ipOf({ spec, status }: Readonly<Pod>, record: PodRecord): string | undefined {
    if (spec.hostNetwork) return this.#with.tools.nodeAddress;
    return record.ip ?? status?.podIP;
  }

  /** What the probes say of its running containers, as far as it decides what happens to them. */
  #verdicts(pod: Readonly<Pod>, containers: readonly RuntimeContainer[]) {
    const { probes } = this.#with;
    const running = containers.filter(({ state }) => state === "running");
    const unhealthy = new Map<string, FailedProbe>();
    for (const { id } of running) {
      const probe = probes.failedProbe(id);
      if (probe !== undefined) unhealthy.set(id, probe);
    }
    const started = running.filter(({ id, name }) => probes.isStarted(id, name, pod));
    return { unhealthy, started: new Set(started.map(({ id }) => id)) };
  }

  /** Nothing runs any more: the node lets go of the pod, and then the API does. */
  async #finish(uid: string, pod: Readonly<Pod>, isKnown: boolean): Promise<void> {
    const { tools, statuses, probes } = this.#with;
    const record = this.#recordOf(uid);
    probes.forget(uid);
    tools.images.forgetPod(uid);
    tools.messages.forget(uid);
    record.endDeadline?.();
    await tools.volumes.remove(uid);
    if (!isKnown) {
      statuses.forget(uid);
      this.#records.delete(uid);
      return;
    }
    if (record.isConfirmed) return;
    if ((pod.metadata.finalizers ?? []).length > 0) report(pod, record, new Map(), this.#with);
    const { namespace = "", name } = pod.metadata;
    try {
      await tools.api.delete(PODS, namespace, name, { gracePeriodSeconds: 0, uid });
    } catch (error) {
      // gone already, or replaced by another pod of this name
      if (!hasReason(error, "NotFound", "Conflict")) throw error;
    }
    record.isConfirmed = true;
  }

  /** A deletion that leaves less time than the one under way is not made to wait for it. */
  #hurry(uid: string): void {
    const { tools, log } = this.#with;
    const record = this.#records.get(uid);
    if (record?.pass === undefined) return;
    const { stopping, quit } = record.pass;
    if (this.#pods.get(uid)?.metadata.deletionTimestamp !== undefined || !this.#pods.has(uid)) {
      quit.abort();
    }
    const grace = this.#pods.get(uid)?.metadata.deletionGracePeriodSeconds;
    const left = this.#pods.has(uid) ? grace : FORGOTTEN_GRACE_SECONDS;
    if (left === undefined) return;
    for (const [id, progress] of stopping) {
      if (left >= progress.graceSeconds) continue;
      progress.graceSeconds = left;
      progress.hurry.abort();
      tools.runtime.stop(id, left).catch((error) =>
        log("Cannot stop a container sooner", { container: id, error: String(error) })
      );
    }
  }

  #recordOf(uid: string): PodRecord {
    const record = this.#records.get(uid) ?? newRecord();
    this.#records.set(uid, record);
    return record;
  }

  /** Addresses of pods that were wired before the agent started. */
  adopt(ips: ReadonlyMap<string, string>): void {
    for (const [uid, ip] of ips) this.#recordOf(uid).ip = ip;
  }
}

function graceGiven({ heldSeconds, failure }: PodRecord, isForgotten: boolean): number | undefined {
  return isForgotten ? FORGOTTEN_GRACE_SECONDS : heldSeconds ?? failure?.graceSeconds;
}

/** What the node's need leaves a pod goes before what the pod asks for; its deletion goes before both. */
function withGrace(pod: Readonly<Pod>, graceSeconds: number | undefined): Readonly<Pod> {
  const { deletionGracePeriodSeconds } = pod.metadata;
  if (graceSeconds === undefined || deletionGracePeriodSeconds !== undefined) return pod;
  return { ...pod, metadata: { ...pod.metadata, deletionGracePeriodSeconds: graceSeconds } };
}

function wantedOf(
  pod: Readonly<Pod> | undefined,
  { failure, heldSeconds }: PodRecord,
  containers: readonly RuntimeContainer[],
): Wanted {
  if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return "gone";
  if (heldSeconds !== undefined) return "ended";
  const isEnded = failure !== undefined || isOver(pod.status?.phase) || isComplete(pod, containers);
  return isEnded ? "ended" : "run";
}

/** Stands in for a pod that the API has no more, or has not told of yet, while its containers go. */
function podWithoutObject(uid: string, { observed }: SyncTools): Pod {
  const { name = uid, namespace = "" } = observed.of(uid)[0]?.pod ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { uid, name, namespace },
    spec: { containers: [] },
  };
}
