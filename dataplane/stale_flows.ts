/**
 * UDP has no end of connection, so the kernel's connection tracking would send the packets of a known flow where it
 * sent those before: to a pod that is gone, or, from before there was a service, nowhere.
 */
import type { Log } from "../api/types/ambient.ts";
import type { Commands } from "./host_commands.ts";
import type { ServiceRule } from "./rules.ts";

/** @returns a line for `conntrack -R -` for each pod that no frontend leads to any more, and each fresh frontend */
export function staleFlowsOf(
  before: ServiceRule | undefined,
  after: ServiceRule | undefined,
): string[] {
  if ((before ?? after)?.protocol !== "UDP") return [];
  const now = new Set((after?.frontends ?? []).map(textOf));
  const then = new Set((before?.frontends ?? []).map(textOf));
  const pods = new Set(Array.from(after?.backends ?? [], ({ ip }) => ip));
  const left = (before?.frontends ?? []).flatMap((frontend) =>
    [...before?.backends ?? []]
      .filter(({ ip }) => !now.has(textOf(frontend)) || !pods.has(ip))
      .map(({ ip }) => staleFlow(frontend.address, frontend.port, ip))
  );
  const hadNone = before === undefined || before.backends.length === 0;
  const fresh = (after?.backends.length ?? 0) === 0 ? [] : (after?.frontends ?? []);
  const come = fresh.filter((frontend) => hadNone || !then.has(textOf(frontend)))
    .flatMap(({ address, port }) => address === undefined ? [] : staleFlow(address, port, address));
  return [...left, ...come];
}

const textOf = ({ address = "", port }: { address?: string; port: number }) => `${address} ${port}`;

/** @param address of the frontend; absent: any address of the node */
export function staleFlow(address: string | undefined, port: number, answeredBy: string): string {
  const to = address === undefined ? "" : `--orig-dst ${address} `;
  return `-D -p udp ${to}--orig-port-dst ${port} --reply-src ${answeredBy}`;
}

/** Makes the kernel forget flows, where the host has the command for it. */
export class FlowTracker {
  #isInstalled: boolean | undefined;

  constructor(readonly commands: Commands, readonly log: Log) {}

  async forget(flows: readonly string[]): Promise<void> {
    if (flows.length === 0) return;
    if (this.#isInstalled === undefined) {
      this.#isInstalled = await this.commands.has("conntrack");
      if (!this.#isInstalled) {
        this.log(
          "conntrack is not installed: UDP clients stay with removed pods until they fall silent",
        );
      }
    }
    if (!this.#isInstalled) return;
    await this.commands.run("conntrack", ["-R", "-"], `${flows.join("\n")}\n`);
  }
}
