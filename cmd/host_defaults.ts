import { readIfThere } from "./files.ts";
import type { HostDefaults } from "./flags.ts";

/** What the settings take from this host. */
export async function hostDefaults(): Promise<HostDefaults> {
  const link = defaultRouteLink(await readIfThere("/proc/net/route").catch(() => "") ?? "");
  const dockerHost = Deno.env.get("DOCKER_HOST");
  return {
    hostname: Deno.hostname(),
    address: addressOf(link, Deno.networkInterfaces()),
    dockerHost: dockerHost === "" ? undefined : dockerHost,
  };
}

/** The link of the route to everywhere, with the smallest metric. @param table /proc/net/route */
export function defaultRouteLink(table: string): string | undefined {
  const EVERYWHERE = "00000000";
  const routes = table.split("\n").slice(1).map((line) => line.split("\t"));
  const [first] = routes
    .filter(([, destination, , , , , , mask]) => destination === EVERYWHERE && mask === EVERYWHERE)
    .sort((a, b) => Number(a[6]) - Number(b[6]));
  return first?.[0];
}

interface Link {
  readonly name: string;
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
}

/** A host without a network has itself. */
export function addressOf(link: string | undefined, links: readonly Link[]): string {
  const found = links.find(({ name, family }) => name === link && family === "IPv4");
  return found?.address ?? "127.0.0.1";
}
