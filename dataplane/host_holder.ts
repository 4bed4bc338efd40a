import { createServer, type Server, Socket } from "node:net";
import type { Log } from "../api/types/ambient.ts";
import type { PodAddress } from "./rules.ts";
import type { Holder } from "./waking.ts";

/** Connections held at one time; more are refused, and their clients try again. */
const HELD_MAX = 1_024;

/**
 * Takes connections of clients whose service has no pod yet, on a port of the node for each service port, and joins
 * each with a pod once there is one. Connections that come later reach the pods by themselves.
 */
export class HostHolder implements Holder {
  readonly #servers = new Map<string, { server: Server; address: PodAddress }>();
  /** Rules for which no port could be had. */
  readonly #refused = new Set<string>();
  #held = 0;

  /**
   * @param nodeAddress where pods and processes of the node reach it
   * @param isOfNode whether a client of this address is one of those: what others reach is not theirs to wake
   */
  constructor(
    readonly nodeAddress: string,
    readonly isOfNode: (address: string) => boolean,
    readonly log: Log,
  ) {}

  async hold(
    rule: string,
    served: () => Promise<PodAddress | undefined>,
  ): Promise<PodAddress | undefined> {
    const known = this.#servers.get(rule);
    if (known !== undefined) return known.address;
    if (this.#refused.has(rule)) return undefined;
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.on("connection", (client) => void this.#take(rule, client, served));
    const { promise, resolve } = Promise.withResolvers<PodAddress | undefined>();
    server.once("error", ({ message }) => {
      this.log("connections of a sleeping service are refused", { rule, reason: message });
      this.#servers.delete(rule);
      this.#refused.add(rule);
      resolve(undefined);
    });
    server.listen(0, this.nodeAddress, () => {
      const bound = server.address();
      if (bound === null || typeof bound === "string") return resolve(undefined);
      const address = { ip: this.nodeAddress, port: bound.port };
      this.#servers.set(rule, { server, address });
      resolve(address);
    });
    return await promise;
  }

  async #take(
    rule: string,
    client: Socket,
    served: () => Promise<PodAddress | undefined>,
  ): Promise<void> {
    client.on("error", () => client.destroy());
    const isWelcome = this.isOfNode(client.remoteAddress ?? "");
    if (!isWelcome || this.#held >= HELD_MAX) return void client.resetAndDestroy();
    this.#held += 1;
    const pod = await served().finally(() => this.#held -= 1);
    if (pod === undefined) {
      this.log("nobody came to serve a connection", { rule });
      return void client.resetAndDestroy();
    }
    join(client, pod);
  }

  release(rule: string): void {
    this.#servers.get(rule)?.server.close();
    this.#servers.delete(rule);
    this.#refused.delete(rule);
  }

  close(): void {
    for (const rule of [...this.#servers.keys()]) this.release(rule);
  }
}

/** Each direction ends by itself, as it would without anybody between them. */
function join(client: Socket, { ip, port }: PodAddress): void {
  const pod = new Socket({ allowHalfOpen: true });
  pod.setNoDelay(true);
  client.setNoDelay(true);
  pod.on("error", () => client.resetAndDestroy());
  client.on("error", () => pod.destroy());
  client.on("close", () => pod.destroy());
  pod.on("close", () => client.destroySoon());
  pod.connect(port, ip, () => {
    client.pipe(pod);
    pod.pipe(client);
  });
}
