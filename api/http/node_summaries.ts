import type { Clock } from "../types/ambient.ts";
import type { Node } from "../types/core_v1.ts";
import type { AgentTransport } from "./agents.ts";

/** A summary serves whoever asks within this. Source: metrics-server measures every 15 s. */
export const SUMMARY_AGE_MAX_MS = 10_000;
/** An agent that takes longer is left out of the answer. */
export const SUMMARY_TIMEOUT_MS = 3_000;
/** Agents that are asked at one time. */
const ASKED_AT_ONCE_MAX = 16;
/** A summary of 110 pods has a tenth of this. */
const SUMMARY_BYTES_MAX = 4 << 20;
/** Summaries kept: of more nodes than one master can have. */
const KEPT_MAX = 5_000;

/** The parts of the kubelet's `/stats/summary` that are read here. */
export interface NodeSummary {
  readonly node: Figures;
  readonly pods: readonly {
    readonly podRef: { readonly uid: string };
    readonly containers: readonly (Figures & { readonly name: string })[];
  }[];
}

export interface Figures {
  readonly cpu?: {
    readonly time: string;
    readonly usageNanoCores?: number;
    /** Ours: the seconds over which `usageNanoCores` is the average. */
    readonly windowSeconds?: number;
  };
  readonly memory?: { readonly workingSetBytes?: number };
}

interface Kept {
  readonly at: number;
  /** Undefined: the agent did not answer, and is not asked again for as long as a summary is kept. */
  readonly summary: Promise<NodeSummary | undefined>;
}

/** What nodes and their pods use, from their agents: a few at once, each for a short time, and one that is silent holds up nobody. */
export class NodeSummaries {
  readonly #agents: AgentTransport | undefined;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  /** Calls that wait for others to end. */
  readonly #line: (() => void)[] = [];
  #asking = 0;

  constructor(agents: AgentTransport | undefined, clock: Clock) {
    this.#agents = agents;
    this.#clock = clock;
  }

  /** @returns undefined for a node whose agent can't say */
  of(node: Node): Promise<NodeSummary | undefined> {
    const key = node.metadata.uid ?? node.metadata.name;
    const now = this.#clock.now();
    const kept = this.#kept.get(key);
    if (kept !== undefined && now < kept.at + SUMMARY_AGE_MAX_MS) return kept.summary;
    const isLost = node.status?.conditions?.some(({ type, status }) =>
      type === "Ready" && status === "Unknown"
    );
    if (isLost || this.#agents === undefined) return Promise.resolve(undefined);
    const summary = this.#ask(node, this.#agents);
    this.#kept.delete(key);
    this.#kept.set(key, { at: now, summary });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_MAX) break;
      this.#kept.delete(oldest);
    }
    return summary;
  }

  async #ask(node: Node, agents: AgentTransport): Promise<NodeSummary | undefined> {
    if (this.#asking >= ASKED_AT_ONCE_MAX) {
      await new Promise<void>((resolve) => this.#line.push(resolve));
    }
    this.#asking += 1;
    const leaving = new AbortController();
    const late = Promise.withResolvers<undefined>();
    const cancel = this.#clock.after(SUMMARY_TIMEOUT_MS, () => {
      leaving.abort();
      late.resolve(undefined);
    });
    try {
      return await Promise.race([read(node, agents, leaving.signal), late.promise]);
    } finally {
      cancel();
      this.#asking -= 1;
      this.#line.shift()?.();
    }
  }
}

const PATH = "/stats/summary?only_cpu_and_memory=true";

async function read(
  node: Node,
  agents: AgentTransport,
  signal: AbortSignal,
): Promise<NodeSummary | undefined> {
  try {
    const answer = await agents.fetch(node, PATH, { signal });
    const text = await answer.text();
    if (!answer.ok || text.length > SUMMARY_BYTES_MAX) return undefined;
    return summaryIn(JSON.parse(text));
  } catch {
    // an agent that is away, or says what can't be read, has no figures: who asks sees that they are missing
    return undefined;
  }
}

/** @returns undefined where the agent is not one of ours */
function summaryIn(json: unknown): NodeSummary | undefined {
  const { node, pods } = (json ?? {}) as Partial<NodeSummary>;
  return node !== undefined && Array.isArray(pods) ? { node, pods } : undefined;
}
