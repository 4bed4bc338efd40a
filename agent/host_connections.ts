/** Connections that a pod's processes have taken, read from the kernel's tables of its network. */

/** Of the states that /proc/net/tcp shows: those in which a client may wait for an answer, or for its end. */
const BUSY_STATES = new Set(["01", "03", "04"]); // ESTABLISHED, SYN_RECV, FIN_WAIT1
const LISTENING = "0A";

export interface HostConnections {
  /** How many connections to ports that it listens on the network of this process has open; 0 when it is gone. */
  inbound(pid: number): Promise<number>;
}

export class KernelConnections implements HostConnections {
  async inbound(pid: number): Promise<number> {
    const tables = await Promise.all(
      ["tcp", "tcp6"].map((name) => read(`/proc/${pid}/net/${name}`)),
    );
    return inboundIn(tables.join(""));
  }
}

/** @param tables the text of /proc/net/tcp and tcp6, in any order */
export function inboundIn(tables: string): number {
  const listening = new Set<string>();
  const busy: string[] = [];
  for (const line of tables.split("\n")) {
    const [, local = "", , state = ""] = line.trim().split(/\s+/);
    const port = local.slice(local.lastIndexOf(":") + 1);
    if (state === LISTENING) listening.add(port);
    else if (BUSY_STATES.has(state)) busy.push(port);
  }
  return busy.filter((port) => listening.has(port)).length;
}

async function read(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    // no such process, or a kernel without IPv6
    if (error instanceof Deno.errors.NotFound || isGone(error)) return "";
    throw error;
  }
}

/** A process that ends while it is read. */
function isGone(error: unknown): boolean {
  return error instanceof Error && /ESRCH|No such process|os error (3|22)\b/.test(error.message);
}
