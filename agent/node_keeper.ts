import { isDeepStrictEqual } from "node:util";
import type { Clock, Log } from "../api/types/ambient.ts";
import { type Lease, LEASES } from "../api/types/coordination_v1.ts";
import type { Node, Taint } from "../api/types/core_v1.ts";
import { NODE_LEASE_NAMESPACE, PROGRAMMED_ANNOTATION } from "../api/types/drain_barrier.ts";
import { NODES } from "../api/types/resources.ts";
import { hasReason, StatusError } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";
import { sleepingAnnotations, type SleepingServices } from "./sleeping_services.ts";
import { newNode, nodeLabels, type NodeSources, nodeStatus } from "./node_object.ts";

/** The lease is renewed about three times within its length. */
const RENEW_MS = 3_000;
export const LEASE_SECONDS = 10;
/** Renewals that say what was programmed come at least so far apart; the first goes out at once. */
const ACKNOWLEDGE_MS_MIN = 20;
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 7_000;

export interface NodeKeeperOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly nodeName: string;
  /** What the node is at this moment. */
  readonly sources: () => NodeSources;
  /** The API has taken a renewal of the lease that was sent then. */
  readonly onRenewed?: (sentAt: number) => void;
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
        await this.#renewInTime();
        this.#with.onRenewed?.(sentAt);
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
    await clock.sleep(RENEW_MS, hurry);
    // a clock that was set back must not put the next one off
    const tooEarlyMs = Math.min(sentAt + ACKNOWLEDGE_MS_MIN - clock.now(), ACKNOWLEDGE_MS_MIN);
    if (tooEarlyMs > 0) await clock.sleep(tooEarlyMs, signal);
  }

  /** A connection that has gone silent must not hold up the next renewal. */
  async #renewInTime(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const cancel = this.#with.clock.after(LEASE_SECONDS * 1000, () => {
      late.reject(new StatusError("Timeout", "the API has not answered within the lease's length"));
    });
    await Promise.race([this.#renew(), late.promise]).finally(cancel);
  }

  async #renew(): Promise<void> {
    const { api, clock, nodeName, programmed, sleeping } = this.#with;
    // what is programmed from here on asks for a renewal of its own
    this.#hurry = new AbortController();
    const annotations = programmed && {
      [PROGRAMMED_ANNOTATION]: String(programmed()),
      ...(sleeping && sleepingAnnotations(sleeping)),
    };
    const metadata = annotations === undefined ? {} : { annotations };
    const spec = {
      holderIdentity: nodeName,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: new Date(clock.now()).toISOString().replace("Z", "000Z"),
    };
    try {
      await api.patch(LEASES, { namespace: NODE_LEASE_NAMESPACE, name: nodeName }, "merge", {
        ...(annotations === undefined ? {} : { metadata }),
        spec,
      });
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
      const lease: Lease = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { ...metadata, namespace: NODE_LEASE_NAMESPACE, name: nodeName },
        spec,
      };
      await api.create(LEASES, lease);
    }
  }
}
