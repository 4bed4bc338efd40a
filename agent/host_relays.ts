import { connect, type Socket } from "node:net";
import type { Clock } from "../api/types/ambient.ts";

/** How long a relay stays after its last connection: the next page of a browser comes soon. */
const IDLE_MS = 60_000;

interface Relay {
  readonly path: string;
  /** Resolves once it listens. */
  readonly ready: Promise<unknown>;
  readonly end: () => void;
  users: number;
  cancelEnd: () => void;
}

/** Reaches what listens on the loopback of a pod alone, by a program that runs in the pod's network. */
export class LoopbackRelays {
  readonly #relays = new Map<number, Relay>();

  /** @param program the command line of the relay, without the path of its socket */
  constructor(private readonly program: readonly string[], private readonly clock: Clock) {}

  /** @throws {Error} when nothing listens there, or the relay can't be had */
  async dial(sandboxPid: number, port: number): Promise<Socket> {
    const relay = this.#relays.get(sandboxPid) ?? this.#start(sandboxPid);
    relay.users += 1;
    relay.cancelEnd();
    try {
      await relay.ready;
      const socket = await open(relay.path, port);
      socket.once("close", () => this.#leave(relay));
      return socket;
    } catch (error) {
      this.#leave(relay);
      throw error;
    }
  }

  #leave(relay: Relay): void {
    relay.users -= 1;
    if (relay.users === 0) relay.cancelEnd = this.clock.after(IDLE_MS, relay.end);
  }

  #start(sandboxPid: number): Relay {
    const path = `${Deno.makeTempDirSync({ prefix: "wherry-relay-" })}/socket`;
    const child = new Deno.Command("nsenter", {
      args: [`--net=/proc/${sandboxPid}/ns/net`, ...this.program, path],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const forget = () => {
      if (this.#relays.get(sandboxPid) === relay) this.#relays.delete(sandboxPid);
    };
    const relay: Relay = {
      path,
      ready: listening(child),
      end: () => {
        forget();
        child.stdin.close().catch(() => {}); // it has ended by itself
      },
      users: 0,
      cancelEnd: () => {},
    };
    child.status.then(forget, forget);
    this.#relays.set(sandboxPid, relay);
    return relay;
  }
}

async function listening(child: Deno.ChildProcess): Promise<void> {
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  if (done) throw new Error("the relay into the network of the pod did not start");
}

function open(path: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    const fail = (why: string) => {
      socket.destroy();
      reject(new Error(`dial tcp 127.0.0.1:${port}: ${why}`));
    };
    const onError = (error: Error) => fail(error.message);
    const onEnd = () => fail("the relay into the network of the pod has ended");
    const look = () => {
      const answer: Uint8Array | null = socket.read(1);
      if (answer === null) return;
      socket.off("readable", look).off("error", onError).off("end", onEnd);
      if (answer[0] === 0) resolve(socket);
      else fail("connect: connection refused");
    };
    socket.on("readable", look).once("error", onError).once("end", onEnd);
    socket.write(Uint8Array.of(port >> 8, port & 0xff));
  });
}
