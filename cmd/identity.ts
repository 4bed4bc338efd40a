import { localAddress } from "./connection.ts";
import { ADMIN_USER, ensureKubeconfig, ensureTokens, type Token, tokenOf } from "./credentials.ts";
import type { Settings } from "./flags.ts";
import { makeDataDir, type Paths } from "./paths.ts";
import { type ClusterNames, ensurePki } from "./pki.ts";

/** Where programs on this host find the API. */
export function serverOf({ bindAddress, apiPort }: Settings): string {
  return `https://${localAddress(bindAddress)}:${apiPort}`;
}

/** The first address of the service range belongs to the API. */
export function apiServiceAddress(serviceCidr: string): string {
  const [address = "", length = ""] = serviceCidr.split("/");
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(length));
  const first = Math.floor(number / size) * size + 1;
  return [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".");
}

function namesOf(settings: Settings): ClusterNames {
  return {
    clusterName: settings.clusterName,
    nodeName: settings.nodeName,
    nodeAddresses: [localAddress(settings.bindAddress), settings.advertiseAddress],
    apiServiceAddress: apiServiceAddress(settings.serviceCidr),
  };
}

/** What a host presents itself with. */
export interface HostIdentity {
  /** The certificates that were made. */
  readonly made: readonly string[];
  readonly tokens: readonly Token[];
}

/**
 * Certificates, tokens and kubeconfig: makes what is missing or stale, whichever of `up`, `master` and `agent`
 * comes first; the others wait for it.
 */
export async function ensureIdentity(settings: Settings, paths: Paths): Promise<HostIdentity> {
  await makeDataDir(paths);
  const options = { write: true, create: true, mode: 0o600 };
  using lock = await Deno.open(`${paths.dataDir}/run/identity.lock`, options);
  await lock.lock(true);
  try {
    return await makeIdentity(settings, paths);
  } finally {
    await lock.unlock();
  }
}

async function makeIdentity(settings: Settings, paths: Paths): Promise<HostIdentity> {
  const made = await ensurePki(paths.pki, namesOf(settings), Date.now());
  const tokens = await ensureTokens(paths, settings.nodeName);
  await ensureKubeconfig(paths, {
    name: settings.clusterName,
    server: serverOf(settings),
    token: tokenOf(tokens, ADMIN_USER),
  });
  return { made, tokens };
}
