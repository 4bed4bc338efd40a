import type { IsolatedPod } from "./policy_rules.ts";
import { podChainName } from "./policy_table.ts";

interface Counter {
  readonly name: string;
  readonly packets: number;
}

/**
 * What was dropped of each pod's packets, and which policies had to let one pass and did not.
 * @param json answer of `nft -j list counters`
 */
export function policyMetrics(json: string, pods: readonly IsolatedPod[]): string {
  const { nftables } = JSON.parse(json) as { nftables: { counter?: Counter }[] };
  const packets = new Map(
    nftables.flatMap(({ counter }) =>
      counter === undefined ? [] : [[counter.name, counter.packets]]
    ),
  );
  const name = "wherry_network_policy_dropped_packets_total";
  const lines = pods.flatMap((pod) =>
    (["ingress", "egress"] as const).flatMap((direction) => {
      const policies = pod[direction];
      const count = packets.get(podChainName(direction, pod.ip));
      if (policies === undefined || count === undefined) return [];
      const { namespace, name: podName } = pod;
      const labels = { namespace, pod: podName, direction, policies: policies.join(",") };
      const text = Object.entries(labels).map(([key, value]) => `${key}="${value}"`).join(",");
      return [`${name}{${text}} ${count}`];
    })
  );
  if (lines.length === 0) return "";
  const help = "Packets of pods that none of their network policies let pass.";
  return [`# HELP ${name} ${help}`, `# TYPE ${name} counter`, ...lines, ""].join("\n");
}
