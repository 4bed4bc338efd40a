import { createServer, type Server } from "node:http";
import type { Log } from "../api/types/ambient.ts";
import type { HealthCheck } from "./announcements.ts";

/** Answers balancers of others: 200 where this node has pods of the service, else 503. Source: kube-proxy. */
export class HealthCheckServers {
  readonly #checks = new Map<number, HealthCheck>();
  readonly #servers = new Map<number, Server>();

  constructor(readonly log: Log) {}

  /** Makes exactly these answer, and resolves when they do; twice the same changes nothing. */
  async sync(checks: readonly HealthCheck[]): Promise<void> {
    const wanted = new Set(checks.map(({ port }) => port));
    for (const [port, server] of this.#servers) {
      if (wanted.has(port)) continue;
      server.close();
      server.closeAllConnections();
      this.#servers.delete(port);
      this.#checks.delete(port);
    }
    for (const check of checks) {
      this.#checks.set(check.port, check);
      if (!this.#servers.has(check.port)) await this.#serve(check.port);
    }
  }

  async close(): Promise<void> {
    await this.sync([]);
  }

  #serve(port: number): Promise<void> {
    const server = createServer((_request, response) => {
      const { namespace = "", name = "", localEndpoints = 0 } = this.#checks.get(port) ?? {};
      response.writeHead(localEndpoints > 0 ? 200 : 503, {
        "content-type": "application/json",
        "x-load-balancing-endpoint-weight": String(localEndpoints),
      });
      const service = { namespace, name };
      response.end(JSON.stringify({ service, localEndpoints, serviceProxyHealthy: true }));
    });
    this.#servers.set(port, server);
    return new Promise((resolve) => {
      server.once("error", ({ message }) => {
        this.log("a health check port is not served", { port, reason: message });
        this.#servers.delete(port);
        resolve();
      });
      server.listen(port, "0.0.0.0", () => resolve());
    });
  }
}
