import type { Clock, Log } from "../../api/types/ambient.ts";
import { HollowHost, runHollowNode } from "../../cmd/hollow_node.ts";
import { FakePodHostNames } from "../../agent/fake_pod_host_names.ts";
import { RuntimeError, SANDBOX } from "../../agent/runtime.ts";
import { Life, mortal, ProcessClock } from "./life.ts";
import { Cable, Link, type LinkHears } from "./link.ts";
import { leaseMsMost } from "./pace.ts";
import { Dice, randomFrom, skewFrom } from "./seeded.ts";
import type { SimulatedServer } from "./server.ts";

/** The shortest lease, less a margin: an agent that starts so soon after its last renewal still ends pods in time. */
const IN_TIME_MS = 10_000 - 1_000;
/** Sandboxes that are made ahead. */
const POOL = 2;
/** From its engine's last refusals to its end. */
const ENDING_MS = 500;
/** One that starts later takes, after a lease, the pods' grace and a moment more. */
const LATE_MS = 2_000 + 2_000;

export interface NodeParts {
  readonly server: SimulatedServer;
  readonly clock: Clock;
  readonly seed: number;
  readonly hears: LinkHears;
  readonly log: Log;
}

/** A container that runs on a node now. */
export interface RunningContainer {
  readonly id: string;
  readonly podUid: string;
  readonly podName: string;
  readonly namespace: string;
}

/** A host with its agent and data path, which may lose its cable, its agent or its power. */
export class SimulatedNode {
  readonly name: string;
  readonly cable = new Cable();
  readonly host: HollowHost;
  /** Since when the cable is cut, by the true time. */
  cutAt: number | undefined;
  /** When its agent sent the last renewal that came off, by the true time. */
  #heardAt: number | undefined;
  /** Since when its agent runs, by the true time. */
  startedAt = 0;
  #isLate = false;
  /** How far its clock is off, for all its life: engine and agent have the same. */
  readonly skewMs: number;
  #life = new Life();
  #starts = 0;
  /** The kernel's. */
  readonly #hostNames = new FakePodHostNames();
  #standIns = 0;
  #hasEngine = true;
  readonly #parts: NodeParts;

  constructor(index: number, parts: NodeParts) {
    this.#parts = parts;
    this.name = `node-${index}`;
    const dice = new Dice(randomFrom(parts.seed, `clock of ${this.name}`));
    this.skewMs = skewFrom(dice);
    const clock = new ProcessClock(parts.clock, new Life(), this.skewMs);
    const address = `192.0.2.${10 + index}`;
    this.host = new HollowHost(this.name, address, `10.1.${index}`, clock);
    this.host.runtime.programs.set("true", { exits: 0 });
    this.#life.end();
  }

  get leaseMsMost(): number {
    return leaseMsMost(this.#parts.seed);
  }

  get isUp(): boolean {
    return !this.#life.isOver;
  }

  start(): void {
    if (this.isUp) return;
    const { clock: base, seed, server, hears, log } = this.#parts;
    const life = this.#life = new Life();
    this.startedAt = base.now();
    this.#isLate = this.#heardAt !== undefined && this.startedAt >= this.#heardAt + IN_TIME_MS;
    const clock = new ProcessClock(base, life, this.skewMs);
    const { runtime, network, files, mounts, backend, name, address } = this.host;
    const random = randomFrom(seed, `${this.name} ${this.#starts += 1}`);
    const dice = new Dice(randomFrom(seed, `cable of ${this.name} ${this.#starts}`));
    const onRenewed = (sentAt: number) => this.#heardAt = sentAt - this.skewMs;
    const hands = { runtime, network, files, mounts, backend };
    const held = Object.fromEntries(
      Object.entries(hands).map(([part, thing]) => [part, mortal<object>(thing, life)]),
    ) as typeof hands;
    runHollowNode({
      host: { ...held, name, address },
      api: new Link(this.cable, { server, clock, dice, life, hears, onRenewed }),
      ...{ clock, random, signal: life.signal, hasDataplane: true },
      log: (message, figures) => life.isOver || log(`${this.name}: ${message}`, figures),
      pool: { names: this.#hostNames, size: POOL, newStandIn: () => `idle-${this.#standIns++}` },
      version: "v1.33.0",
    }).catch((error) => hears.onViolation(`the agent of ${name} died: ${error.stack}`));
  }

  /**
   * Its agent was away when pods were to end that others may run: it has until then not been able to, and lets
   * the API speak first for the length of a lease (docs/decisions/0065).
   */
  get isUnguarded(): boolean {
    if (!this.isUp) return true;
    const { startedAt, leaseMsMost } = this;
    return this.#isLate && this.#parts.clock.now() < startedAt + leaseMsMost + LATE_MS;
  }

  /** The agent is gone; containers run on. */
  crash(): void {
    this.#life.end();
  }

  /** Nothing runs any more. */
  powerOff(): Promise<void> {
    this.crash();
    this.#killAll();
    this.host.backend.rules = { nodeAddresses: [], services: [] };
    return Promise.resolve();
  }

  #killAll(): void {
    this.host.runtime.dieAll(137);
  }

  get hasEngine(): boolean {
    return this.#hasEngine;
  }

  /** Its engine is told to end: it refuses to begin anything, and kills what runs and tells so, before it is gone. */
  endEngine(): void {
    const { runtime } = this.host;
    this.#hasEngine = false;
    runtime.intercept = (call) => /^(create|start|claim|pull) /.test(call) && refuse();
    this.#killAll();
    this.#parts.clock.after(ENDING_MS, () => {
      if (this.#hasEngine) return;
      runtime.intercept = refuse;
      runtime.hangUp();
    });
  }

  startEngine(): void {
    this.#hasEngine = true;
    this.host.runtime.intercept = () => {};
  }

  cut(): void {
    if (this.cable.isCut) return;
    this.cutAt = this.#parts.clock.now();
    this.cable.cut();
  }

  heal(): void {
    this.cutAt = undefined;
    this.cable.heal();
  }

  /** Without the sandboxes, which do nothing. */
  running(): Promise<RunningContainer[]> {
    const running = this.host.runtime.containers().filter(({ state, name }) =>
      state === "running" && name !== SANDBOX
    );
    return Promise.resolve(running.map(({ id, pod: { uid, name, namespace } }) => ({
      ...{ id, podUid: uid, podName: name, namespace },
    })));
  }
}

function refuse(): never {
  throw new RuntimeError("Unavailable", "the engine does not answer");
}
