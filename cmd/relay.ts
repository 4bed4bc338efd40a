import { dirname } from "node:path/posix";

/**
 * The program that runs in a pod's network while ports of its loopback are forwarded. It listens on a unix socket,
 * which reaches across network namespaces, and carries each connection to the port that its first two bytes name.
 * It answers one byte: 0, and then what listens there speaks, or 1 when nothing does. It ends with its standard input,
 * which the agent holds, and takes the folder of its socket with it.
 */
async function relay(path: string): Promise<void> {
  const listener = Deno.listen({ transport: "unix", path });
  void acceptAll(listener);
  await Deno.stdout.write(Uint8Array.of(0));
  while (await Deno.stdin.read(new Uint8Array(1)) !== null);
  await Deno.remove(dirname(path), { recursive: true });
  Deno.exit(0);
}

async function acceptAll(listener: Deno.UnixListener): Promise<void> {
  for await (const client of listener) void carry(client);
}

async function carry(client: Deno.UnixConn): Promise<void> {
  let server: Deno.TcpConn | undefined;
  try {
    server = await dial(await portFrom(client));
    await client.write(Uint8Array.of(0));
    await Promise.all([pass(client, server), pass(server, client)]);
  } catch {
    // before the 0 it means that nothing listens; after it, a side that is cut off cuts the other
    if (server === undefined) await client.write(Uint8Array.of(1)).catch(() => {});
  } finally {
    client.close();
    server?.close();
  }
}

async function portFrom(client: Deno.Conn): Promise<number> {
  const bytes = new Uint8Array(2);
  for (let at = 0; at < bytes.length;) {
    const size = await client.read(bytes.subarray(at));
    if (size === null) throw new Error("The connection ended before it named a port");
    at += size;
  }
  return new DataView(bytes.buffer).getUint16(0);
}

async function dial(port: number): Promise<Deno.TcpConn> {
  try {
    return await Deno.connect({ hostname: "127.0.0.1", port });
  } catch {
    return await Deno.connect({ hostname: "::1", port });
  }
}

async function pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(64 << 10);
  for (let size = await from.read(buffer); size !== null; size = await from.read(buffer)) {
    for (let at = 0; at < size;) at += await to.write(buffer.subarray(at, size));
  }
  await to.closeWrite();
}

if (import.meta.main) await relay(Deno.args[0]!);
