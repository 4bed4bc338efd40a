import { connect, type Socket } from "node:net";
import type { Clock } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import type { LoopbackRelays } from "./host_relays.ts";
import type { PodDialer } from "./port_forward.ts";
import { type Runtime, SANDBOX } from "./runtime.ts";

/** Source: kubelet's runtimes, which wait as long for what listens in a pod. */
const CONNECT_TIMEOUT_MS = 10_000;
const LOOPBACK = "127.0.0.1";

export interface HostDialerOptions {
  readonly runtime: Pick<Runtime, "listContainers">;
  readonly relays: LoopbackRelays;
  readonly clock: Clock;
}

/**
 * Reaches a pod from its node: at its address, which takes no detour, and on its own loopback, where Kubernetes looks,
 * when nothing listens at the address. The loopback of a pod on the node's network is the node's.
 */
export class HostDialer implements PodDialer {
  constructor(private readonly options: HostDialerOptions) {}

  async dial(pod: Readonly<Pod>, port: number): Promise<Socket> {
    const { metadata, spec, status } = pod;
    const { clock } = this.options;
    if (spec.hostNetwork === true) return await open(LOOPBACK, port, clock);
    const host = status?.podIP ?? "";
    if (host === "") throw new Error(`pod ${metadata.name} has no address yet`);
    try {
      return await open(host, port, clock);
    } catch (error) {
      if (!(error instanceof ConnectionRefused)) throw error;
      return await this.#dialInside(pod, port);
    }
  }

  async #dialInside({ metadata }: Readonly<Pod>, port: number): Promise<Socket> {
    const { runtime, relays } = this.options;
    const sandbox = (await runtime.listContainers()).find(({ pod, name, state }) =>
      pod.uid === metadata.uid && name === SANDBOX && state === "running"
    );
    if (sandbox === undefined) throw new Error(`pod ${metadata.name} does not run`);
    return await relays.dial(sandbox.pid, port);
  }
}

class ConnectionRefused extends Error {}

function open(host: string, port: number, clock: Clock): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const fail = (why: string, Kind: new (message: string) => Error = Error) => {
      socket.destroy();
      reject(new Kind(`dial tcp ${host}:${port}: ${why}`));
    };
    const cancel = clock.after(CONNECT_TIMEOUT_MS, () => fail("i/o timeout"));
    const onError = (error: Error & { code?: string }) => {
      cancel();
      // in the words of Go's dialer, which users know from Kubernetes
      if (error.code === "ECONNREFUSED") fail("connect: connection refused", ConnectionRefused);
      else fail(error.message);
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      cancel();
      socket.off("error", onError);
      resolve(socket);
    });
  });
}
