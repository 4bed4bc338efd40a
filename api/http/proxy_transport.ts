import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import type { Clock } from "../types/ambient.ts";
import { StatusError } from "../types/status.ts";
import type { AgentTransport } from "./agents.ts";
import { noAgents } from "./pod_logs.ts";
import type { ProxyLocation } from "./proxy_location.ts";

/** Source: kube-apiserver, the dialer of its proxies. */
const CONNECT_TIMEOUT_MS = 30_000;

/** In the words of Go's dialer, which users know from Kubernetes. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
};

export interface ProxyTransport {
  /**
   * A connection on which HTTP/1.1 can be spoken.
   * @throws {StatusError} ServiceUnavailable
   */
  open(location: ProxyLocation): Promise<Duplex>;
}

export function proxyTransport(agents: AgentTransport | undefined, clock: Clock): ProxyTransport {
  return {
    async open(location) {
      if (!("node" in location)) return await dial(location, clock);
      if (agents === undefined) throw noAgents();
      return await agents.connect(location.node);
    },
  };
}

export function unreachable(why: string): StatusError {
  return new StatusError("ServiceUnavailable", `error trying to reach service: ${why}`);
}

function dial(
  { scheme, host, port }: Exclude<ProxyLocation, { node: unknown }>,
  clock: Clock,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // pods have certificates of names that nobody outside of them knows
    const socket = scheme === "https"
      ? connectTls({ host, port, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] })
      : connect({ host, port });
    const fail = (why: string) => {
      socket.destroy();
      reject(unreachable(`dial tcp ${host}:${port}: ${why}`));
    };
    const cancel = clock.after(CONNECT_TIMEOUT_MS, () => fail("i/o timeout"));
    const onError = (error: Error & { code?: string }) => {
      cancel();
      fail(REASONS[error.code ?? ""] ?? error.message);
    };
    socket.once("error", onError);
    socket.once(scheme === "https" ? "secureConnect" : "connect", () => {
      cancel();
      socket.off("error", onError);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}
