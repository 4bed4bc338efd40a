import { connect, type Socket } from "node:net";
import type { Clock } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import type { PodDialer } from "./port_forward.ts";

/** Source: kubelet's runtimes, which wait as long for what listens in a pod. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Reaches a pod at its address, from the node; a pod on the node's own network at the loopback. */
export class HostDialer implements PodDialer {
  constructor(private readonly clock: Clock) {}

  async dial({ metadata, spec, status }: Readonly<Pod>, port: number): Promise<Socket> {
    const host = spec.hostNetwork === true ? "127.0.0.1" : status?.podIP ?? "";
    if (host !== "") return await open(host, port, this.clock);
    throw new Error(`pod ${metadata.name} has no address yet`);
  }
}

/** In the words of Go's dialer, which users know from Kubernetes. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
};

function open(host: string, port: number, clock: Clock): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const fail = (why: string) => {
      socket.destroy();
      reject(new Error(`dial tcp ${host}:${port}: ${why}`));
    };
    const cancel = clock.after(CONNECT_TIMEOUT_MS, () => fail("i/o timeout"));
    const onError = (error: Error & { code?: string }) => {
      cancel();
      fail(REASONS[error.code ?? ""] ?? error.message);
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      cancel();
      socket.off("error", onError);
      resolve(socket);
    });
  });
}
