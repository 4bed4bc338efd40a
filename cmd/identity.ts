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

/**
 * Certificates, tokens and kubeconfig: makes what is missing or stale, whichever of `up` and `master` comes
 * first. @returns the certificates that were made, and all tokens
 */
export async function ensureIdentity(
  settings: Settings,
  paths: Paths,
): Promise<{ made: readonly string[]; tokens: readonly Token[] }> {
  await makeDataDir(paths);
  const made = await ensurePki(paths.pki, namesOf(settings), Date.now());
  const tokens = await ensureTokens(paths, settings.nodeName);
  await ensureKubeconfig(paths, {
    name: settings.clusterName,
    server: serverOf(settings),
    token: tokenOf(tokens, ADMIN_USER),
  });
  return { made, tokens };
}
