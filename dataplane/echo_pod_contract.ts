/**
 * A pod of the data path's tests: `deno run -A echo_pod_contract.ts NAME` answers on TCP and UDP port 8080 with its
 * name and the client's address, and asks others on request: a target on each line of standard input. Without a name
 * it only asks.
 */
import { Buffer } from "node:buffer";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { createConnection } from "node:net";

export const ECHO_PORT = 8_080;

/** What a client saw. */
export interface Answer {
  /** Of the pod that answered. */
  readonly name: string;
  /** The client's address, as the pod sees it. */
  readonly client: string;
  /** The pod's address, as the client sees it. */
  readonly server: string;
}

export interface Target {
  readonly protocol: "tcp" | "udp";
  readonly host: string;
  readonly port: number;
  /** Over a socket of IPv6, when given. */
  readonly family?: "udp6";
  /** UDP: one unconnected socket for all questions of this name, kept until the process ends. */
  readonly socket?: string;
  readonly waitMs?: number;
}

/** No test waits it out: who expects silence says `waitMs`. A busy machine answers within it. */
const NO_ANSWER_MS = 10_000;

/** @throws with a `code` such as ECONNREFUSED */
export function askTcp(host: string, port: number, waitMs = NO_ANSWER_MS): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port });
    const timer = setTimeout(() => socket.destroy(codedError("ETIMEDOUT")), waitMs);
    let server = "";
    let text = "";
    socket.on("connect", () => server = `${socket.remoteAddress}:${socket.remotePort}`);
    socket.on("data", (chunk: Uint8Array) => text += new TextDecoder().decode(chunk));
    socket.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.on("close", () => {
      clearTimeout(timer);
      if (text !== "") resolve({ ...JSON.parse(text), server });
      else reject(codedError("ECONNRESET")); // ended without a word, which not every end tells as an error
    });
  });
}

/** An unconnected UDP socket, which may ask one server after the other. */
export class UdpClient {
  readonly #socket: Socket;

  constructor(family: "udp4" | "udp6" = "udp4") {
    this.#socket = createSocket(family);
  }

  ask(host: string, port: number, waitMs = NO_ANSWER_MS): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const end = (act: () => void) => {
        clearTimeout(timer);
        this.#socket.removeAllListeners();
        act();
      };
      const timer = setTimeout(() => end(() => reject(codedError("ETIMEDOUT"))), waitMs);
      this.#socket.on("message", (message: Buffer, from: RemoteInfo) => {
        const server = `${from.address}:${from.port}`;
        end(() => resolve({ ...JSON.parse(message.toString()), server }));
      });
      this.#socket.on("error", (error) => end(() => reject(error)));
      this.#socket.send(Buffer.from("who"), port, host, (error) => {
        if (error) end(() => reject(error));
      });
    });
  }

  close(): void {
    this.#socket.close();
  }
}

const keptSockets = new Map<string, UdpClient>();

export async function ask(target: Target): Promise<Answer> {
  const { protocol, host, port, family, socket, waitMs } = target;
  if (protocol === "tcp") return await askTcp(host, port, waitMs);
  const client = keptSockets.get(socket ?? "") ?? new UdpClient(family);
  if (socket !== undefined) keptSockets.set(socket, client);
  try {
    return await client.ask(host, port, waitMs);
  } finally {
    if (socket === undefined) client.close();
  }
}

function codedError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Short answers to short questions: one write, then the end. */
async function serveTcp(name: string): Promise<void> {
  for await (const connection of Deno.listen({ port: ECHO_PORT })) {
    const { hostname, port } = connection.remoteAddr;
    const answer = JSON.stringify({ name, client: `${hostname}:${port}` });
    connection.write(new TextEncoder().encode(answer))
      .then(() => connection.close(), () => connection.close());
  }
}

function serveUdp(name: string): Promise<void> {
  const socket = createSocket("udp4");
  socket.on("message", (_message: Buffer, { address, port }: RemoteInfo) => {
    socket.send(JSON.stringify({ name, client: `${address}:${port}` }), port, address);
  });
  return new Promise((resolve) => socket.bind(ECHO_PORT, "0.0.0.0", () => resolve()));
}

/** Each line asks `times` times; the answer is a line of all answers, or of the first error. */
async function obey(): Promise<void> {
  let text = "";
  for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end; (end = text.indexOf("\n")) >= 0; text = text.slice(end + 1)) {
      const { times, ...target } = JSON.parse(text.slice(0, end)) as Target & { times: number };
      console.log(JSON.stringify(await askMany(target, times)));
    }
  }
}

async function askMany(target: Target, times: number): Promise<Answer[] | { code: string }> {
  const answers: Answer[] = [];
  try {
    for (let i = 0; i < times; i++) answers.push(await ask(target));
    return answers;
  } catch (error) {
    return { code: (error as { code?: string }).code ?? String(error) };
  }
}

if (import.meta.main) {
  const [name] = Deno.args;
  const isServed = name === undefined ? [] : [serveTcp(name)];
  if (name !== undefined) await serveUdp(name);
  console.log("ready");
  await Promise.race([obey(), ...isServed]);
  Deno.exit(0);
}
