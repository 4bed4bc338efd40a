import type { Pod } from "../api/types/core_v1.ts";
import { parseIpv4 } from "./ipv4.ts";
import type { ServiceRule } from "./rules.ts";

const ANY_ADDRESS = "0.0.0.0";

/**
 * The ports of the node that lead to this pod, as rules with the pod behind each: they are there for as long as the
 * pod has an address, ready or not. Pure. @returns [] for a pod in the node's own network, and for one that is over
 */
export function planHostPorts({ metadata, spec, status }: Readonly<Pod>): ServiceRule[] {
  const ip = status?.podIP ?? "";
  const isOver = status?.phase === "Succeeded" || status?.phase === "Failed";
  if (spec.hostNetwork || isOver || parseIpv4(ip) === undefined) return [];
  // init containers without a restart policy are over before anybody could connect
  const sidecars = (spec.initContainers ?? []).filter((one) => one.restartPolicy === "Always");
  const ports = [...sidecars, ...spec.containers].flatMap((container) => container.ports ?? []);
  return ports.flatMap(({ hostPort = 0, hostIP = "", containerPort, protocol = "TCP" }) => {
    const isEverywhere = hostIP === "" || hostIP === ANY_ADDRESS;
    const isCarried = protocol === "TCP" || protocol === "UDP";
    if (hostPort === 0 || !isCarried || !(isEverywhere || parseIpv4(hostIP) !== undefined)) {
      return [];
    }
    const address = isEverywhere ? {} : { address: hostIP };
    return [{
      name: `${metadata.namespace}/${metadata.name}:host-port-${hostIP}-${hostPort}-${protocol}`,
      protocol,
      frontends: [{ ...address, port: hostPort, isExternal: true }],
      backends: [{ ip, port: containerPort }],
      affinitySeconds: 0,
    }];
  });
}

/** The host ports of the node's pods. The same object for the same pod, for as long as nothing of its ports changes. */
export class HostPorts {
  readonly #byPod = new Map<string, { readonly rules: ServiceRule[]; readonly text: string }>();

  /** @returns whether the node's rules are others now */
  see(before: Readonly<Pod> | undefined, after: Readonly<Pod> | undefined): boolean {
    const { uid = "" } = (after ?? before)?.metadata ?? {};
    const rules = after === undefined ? [] : planHostPorts(after);
    const known = this.#byPod.get(uid);
    if (rules.length === 0) return this.#byPod.delete(uid);
    const text = JSON.stringify(rules);
    if (known?.text === text) return false;
    this.#byPod.set(uid, { rules, text });
    return true;
  }

  get rules(): ServiceRule[][] {
    return [...this.#byPod.values()].map(({ rules }) => rules);
  }
}
