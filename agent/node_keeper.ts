import { isDeepStrictEqual } from "node:util";
import type { Clock, Log } from "../api/types/ambient.ts";
import { type Lease, LEASES } from "../api/types/coordination_v1.ts";
import type { Node, Taint } from "../api/types/core_v1.ts";
import { NODE_LEASE_NAMESPACE, PROGRAMMED_ANNOTATION } from "../api/types/drain_barrier.ts";
import { LEASE_SECONDS_MIN } from "../api/types/node_lease.ts";
import { NODES } from "../api/types/resources.ts";
import { hasReason, StatusError } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";
import { sleepingAnnotations, type SleepingServices } from "./sleeping_services.ts";
import { LeaseTerm } from "./lease_term.ts";
import { newNode, nodeLabels, type NodeSources, nodeStatus } from "./node_object.ts";

/** An API that does not answer for so long is asked again. */
const ANSWER_MS_MAX = LEASE_SECONDS_MIN * 1000;
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 7_000;

export interface NodeKeeperOptions {
  readonly api: Api;
  /** By which leases are renewed; absent: by the same as everything else. */
  readonly heartbeats?: Api | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly nodeName: string;
  /** What the node is at this moment. */
  readonly sources: () => NodeSources;
  /** The API has taken a renewal of the lease that was sent then, and holds for so long. */
  readonly onRenewed?: (sentAt: number, leaseMs: number) => void;
  /** A lease of the shortest length is sent at that moment, and may be stored though nobody says so. */
  readonly onShortest?: (sentAt: number) => void;
  /** Up to which revision of endpoints the kernel has every change: told with each renewal. */
  readonly programmed?: (() => number) | undefined;
  /** What the node knows of services that may sleep: told with each renewal. */
  readonly sleeping?: SleepingServices | undefined;
  /** Taints of a node that is new to the API. */
  readonly taints?: readonly Taint[];
}

/**
 * Keeps the node's object right: registers it, writes its status when something changed and at no other time, and
 * renews its lease, which is the heartbeat. It goes on through any absence of the API.
 */
export class NodeKeeper {
  readonly #with: NodeKeeperOptions;
  #isRegistered = false;
  #checking: Promise<void> | undefined;
  #isDirty = false;
  /** Ends the wait for the next renewal. */
  #hurry = new AbortController();
  readonly #term = new LeaseTerm();

  constructor(options: NodeKeeperOptions) {
    this.#with = options;
  }

  /** Resolves when the node stands in the API, or `signal` has aborted. */
  async register(): Promise<void> {
    const { clock, log, signal } = this.#with;
    let retryMs = RETRY_FIRST_MS;
    while (!signal.aborted && !this.#isRegistered) {
      try {
        await this.#registerOnce();
      } catch (error) {
        log("Cannot register the node", { error: String(error), retryMs });
        await clock.sleep(retryMs, signal);
        retryMs = Math.min(2 * retryMs, RETRY_MAX_MS);
      }
    }
  }

  async #registerOnce(): Promise<void> {
    const { api, nodeName, sources } = this.#with;
    try {
      const created = await api.create(NODES, newNode(sources(), this.#with.taints));
      if (created.status?.conditions === undefined) await this.#writeStatus(created);
    } catch (error) {
      if (!hasReason(error, "AlreadyExists")) throw error;
      const there = await api.get(NODES, "", nodeName);
      await this.#writeLabels(there);
      await this.#writeStatus(there);
    }
    this.#isRegistered = true;
    // what has changed meanwhile found nobody to tell
    if (this.#isDirty) this.check();
  }

  /** Labels that others gave the node stay. */
  async #writeLabels(node: Readonly<Node>): Promise<void> {
    const { api, nodeName, sources } = this.#with;
    const labels = nodeLabels(sources());
    const have = node.metadata.labels ?? {};
    if (Object.entries(labels).every(([key, value]) => have[key] === value)) return;
    await api.patch(NODES, { namespace: "", name: nodeName }, "merge", { metadata: { labels } });
  }

  async #writeStatus(node: Readonly<Node>): Promise<void> {
    const { api, nodeName, sources } = this.#with;
    const status = nodeStatus(sources(), node.status);
    const isSame = Object.entries(status).every(([key, value]) =>
      isDeepStrictEqual((node.status as Record<string, unknown> | undefined)?.[key], value)
    );
    if (isSame) return;
    const target = { namespace: "", name: nodeName, subresource: "status" };
    await api.patch(NODES, target, "strategic", { status });
  }

  /** Looks whether the API has what the node is; to be called when either may have changed. */
  check(): void {
    this.#isDirty = true;
    this.#checking ??= this.#checkAll().finally(() => this.#checking = undefined);
  }

  async #checkAll(): Promise<void> {
    const { api, clock, log, nodeName, signal } = this.#with;
    let retryMs = RETRY_FIRST_MS;
    while (this.#isDirty && this.#isRegistered && !signal.aborted) {
      this.#isDirty = false;
      try {
        await this.#writeStatus(await api.get(NODES, "", nodeName));
      } catch (error) {
        this.#isDirty = true;
        if (hasReason(error, "NotFound")) {
          this.#isRegistered = false;
          await this.register();
          continue;
        }
        log("Cannot write the node's status", { error: String(error), retryMs });
        await clock.sleep(retryMs, signal);
        retryMs = Math.min(2 * retryMs, RETRY_MAX_MS);
      }
    }
  }

  /** Renews the lease until `signal` aborts. */
  async heartbeat(): Promise<void> {
    const { clock, log, signal } = this.#with;
    let failures = 0;
    while (!signal.aborted) {
      const sentAt = clock.now();
      try {
        this.#term.read(await this.#renewInTime());
        this.#with.onRenewed?.(sentAt, this.#term.leaseMs);
        if (failures > 0) log("Renewed the node's lease again", { failures });
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1) log("Cannot renew the node's lease", { error: String(error) });
      }
      await this.#untilNext(sentAt, failures > 0);
    }
  }

  /** Somebody waits for what the last renewal did not say: other endpoints, or a service that is wanted. */
  acknowledge(): void {
    this.#hurry.abort();
  }

  async #untilNext(sentAt: number, hasFailed: boolean): Promise<void> {
    const { clock, signal } = this.#with;
    // what could not be told is not tried more often than the rest
    const hurry = hasFailed ? signal : AbortSignal.any([signal, this.#hurry.signal]);
    const { renewMs, retryMs, acknowledgeMsMin } = this.#term;
    await clock.sleep(hasFailed ? retryMs : renewMs, hurry);
    // a clock that was set back must not put the next one off
    const tooEarlyMs = Math.min(sentAt + acknowledgeMsMin - clock.now(), acknowledgeMsMin);
    if (tooEarlyMs > 0) await clock.sleep(tooEarlyMs, signal);
  }

  /** A connection that has gone silent must not hold up the next renewal. What it says later is old. */
  async #renewInTime(): Promise<Lease> {
    const late = Promise.withResolvers<never>();
    const cancel = this.#with.clock.after(ANSWER_MS_MAX, () => {
      const seconds = ANSWER_MS_MAX / 1000;
      late.reject(new StatusError("Timeout", `the API has not answered within ${seconds} s`));
    });
    return await Promise.race([this.#renew(), late.promise]).finally(cancel);
  }

  async #renew(): Promise<Lease> {
    const { api, heartbeats = api, clock, nodeName, programmed, sleeping } = this.#with;
    // what is programmed from here on asks for a renewal of its own
    this.#hurry = new AbortController();
    const annotations = programmed && {
      [PROGRAMMED_ANNOTATION]: String(programmed()),
      ...(sleeping && sleepingAnnotations(sleeping)),
    };
    const renewTime = new Date(clock.now()).toISOString().replace("Z", "000Z");
    const spec = { holderIdentity: nodeName, renewTime };
    try {
      return await this.#renewThere(annotations, spec);
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
      const metadata = {
        ...(annotations && { annotations }),
        namespace: NODE_LEASE_NAMESPACE,
        name: nodeName,
      };
      const { apiVersion, kind } = LEASES;
      const first = { ...spec, leaseDurationSeconds: LEASE_SECONDS_MIN };
      // the API has forgotten the longer one, and its answer to this may be lost
      this.#with.onShortest?.(clock.now());
      const lease: Lease = { apiVersion, kind: kind as "Lease", metadata, spec: first };
      return await heartbeats.create(LEASES, lease);
    }
  }

  async #renewThere(
    annotations: Readonly<Record<string, string>> | undefined,
    spec: Lease["spec"],
  ): Promise<Lease> {
    const { api, heartbeats = api, nodeName } = this.#with;
    const target = { namespace: NODE_LEASE_NAMESPACE, name: nodeName };
    const change = this.#term.takeChange();
    const metadata = { ...(annotations && { annotations }), ...change?.metadata };
    try {
      const patch = { metadata, spec: { ...spec, ...change?.spec } };
      return await heartbeats.patch(LEASES, target, "merge", patch);
    } catch (error) {
      // a renewal whose answer was lost has come between
      if (change === undefined || !hasReason(error, "Conflict")) throw error;
      const patch = { ...(annotations && { metadata: { annotations } }), spec };
      return await heartbeats.patch(LEASES, target, "merge", patch);
    }
  }
}
