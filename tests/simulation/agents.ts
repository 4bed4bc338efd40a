import type { AgentTransport } from "../../api/http/agents.ts";
import { StatusError } from "../../api/types/status.ts";
import type { SimulatedNode } from "./nodes.ts";

const NANO_PER_MILLI = 1_000_000;
/** What the figures are the average of. */
const WINDOW_SECONDS = 15;

/** What agents answer to the API server when it asks what pods use: each the same. */
export function simulatedAgents(
  nodeOf: (name: string) => SimulatedNode | undefined,
  { loadMilli, now }: { loadMilli: () => number; now: () => number },
): AgentTransport {
  return {
    async fetch({ metadata }) {
      const node = nodeOf(metadata.name);
      if (node === undefined || !node.isUp || node.cable.isCut) throw away();
      const time = new Date(now() + node.skewMs).toISOString();
      const cpu = { time, usageNanoCores: loadMilli() * NANO_PER_MILLI };
      const figures = {
        cpu: { ...cpu, windowSeconds: WINDOW_SECONDS },
        memory: { workingSetBytes: 1 << 20 },
      };
      const uids = new Set((await node.running()).map(({ podUid }) => podUid));
      const pods = [...uids].map((uid) => ({
        podRef: { uid },
        containers: [{ name: "main", ...figures }],
      }));
      return Response.json({ node: figures, pods });
    },
    connect: () => Promise.reject(away()),
  };
}

function away(): StatusError {
  return new StatusError("ServiceUnavailable", "the agent does not answer");
}
