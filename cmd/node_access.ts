import { connect, type Connection } from "./connection.ts";
import { nodeUser, tokenOf } from "./credentials.ts";
import type { Settings } from "./flags.ts";
import { ensureIdentity, serverOf } from "./identity.ts";
import type { Paths } from "./paths.ts";
import { AGENT_FILE, readTls, type TlsFiles } from "./pki.ts";

/** How an agent reaches the API, and how the API knows the agent. */
export interface NodeAccess {
  /** Those of the command line, with what the whole cluster has in common. */
  readonly settings: Settings;
  readonly connection: Connection;
  /** By which the agent's own server answers. */
  readonly tls: TlsFiles;
  /** Renews before anything ends, until the agent does; `onServing` takes new certificates of the server. */
  keepFresh(onServing: (tls: TlsFiles) => void): Promise<void>;
}

/** Beside a master by what lies in its folder; on another host by having joined. */
export async function openAccess(
  settings: Settings,
  paths: Paths,
  signal: AbortSignal,
): Promise<NodeAccess> {
  if (settings.join.server !== "") {
    return await (await import("./join.ts")).joinCluster(settings, paths, signal);
  }
  const { tokens } = await ensureIdentity(settings, paths);
  const token = tokenOf(tokens, nodeUser(settings.nodeName));
  return {
    settings,
    connection: await connect(serverOf(settings), paths, { token, userAgent: "kubelet" }),
    tls: await readTls(paths.pki, AGENT_FILE),
    keepFresh: () => Promise.resolve(), // made anew at a start: see pki.ts
  };
}
