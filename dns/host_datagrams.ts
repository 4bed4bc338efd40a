/**
 * UDP by batches, through libc: one call takes up to 64 packets and one sends their replies, which answers more than
 * twice as many questions as a socket of the runtime does. docs/decisions/0040 has the figures.
 */
import type { Clock } from "../api/types/ambient.ts";
import { HEADER_BYTES, UDP_BYTES_MAX } from "./wire.ts";

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  recvmmsg: { parameters: ["i32", "buffer", "u32", "i32", "pointer"], result: "i32" },
  sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

/** The same call, on a thread that may sleep in it. */
const WAITING_SYMBOLS = {
  recvmmsg: {
    parameters: ["i32", "buffer", "u32", "i32", "pointer"],
    result: "i32",
    nonblocking: true,
  },
} as const;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
type WaitingLibc = Deno.DynamicLibrary<typeof WAITING_SYMBOLS>["symbols"];

/** Source: linux/socket.h and asm-generic/socket.h; the same on x86-64 and ARM64. */
const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SHUT_RDWR = 2;
const MSG_DONTWAIT = 0x40;
const MSG_WAITFORONE = 0x10000;
const EADDRINUSE = 98;
const EADDRNOTAVAIL = 99;

const BATCH = 64;
/** A question is far shorter; what is longer is cut off, and refused. */
const IN_BYTES = 1_024;
const ADDRESS_BYTES = 16;
const IOVEC_BYTES = 16;
/** struct mmsghdr: a struct msghdr of 56 bytes, the length, and padding. */
const MMSGHDR_BYTES = 64;
const MMSGHDR_LENGTH_AT = 56;
/** Batches in a row before everything else in the process gets its turn. */
const BATCHES_IN_A_ROW = 8;
/** After a call that the kernel interrupted or refused. */
const PAUSE_MS = 20;
const RECEIVE_BUFFER_BYTES = 1 << 20;

/** @returns length of the reply in `out`, 0 for none, or a promise of the reply */
export type DatagramHandler = (
  packet: Uint8Array,
  length: number,
  out: Uint8Array,
) => number | Promise<Uint8Array>;

/** Memory that the kernel fills and reads: packets, their addresses, and the table that points at them. */
class Batch {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly table = new Uint8Array(BATCH * MMSGHDR_BYTES);
  readonly packets: readonly Uint8Array[];
  readonly #lengths = new DataView(this.table.buffer);
  readonly #iovecs = new BigUint64Array(BATCH * IOVEC_BYTES / 8);
  readonly #packetBytes: number;

  constructor(packetBytes: number, addresses: Uint8Array<ArrayBuffer>) {
    this.#packetBytes = packetBytes;
    this.data = new Uint8Array(BATCH * packetBytes);
    const [data, names, iovecs] = [this.data, addresses, this.#iovecs].map(addressOf);
    for (let i = 0; i < BATCH; i++) {
      this.#iovecs[2 * i] = data! + BigInt(i * packetBytes);
      this.#iovecs[2 * i + 1] = BigInt(packetBytes);
      const at = i * MMSGHDR_BYTES;
      this.pointAt(i, names! + BigInt(i * ADDRESS_BYTES));
      this.#lengths.setUint32(at + 8, ADDRESS_BYTES, true);
      this.#lengths.setBigUint64(at + 16, iovecs! + BigInt(i * IOVEC_BYTES), true);
      this.#lengths.setBigUint64(at + 24, 1n, true);
    }
    this.packets = Array.from(
      { length: BATCH },
      (_, i) => this.data.subarray(i * packetBytes, (i + 1) * packetBytes),
    );
  }

  lengthOf(i: number): number {
    return Math.min(
      this.#lengths.getUint32(i * MMSGHDR_BYTES + MMSGHDR_LENGTH_AT, true),
      this.#packetBytes,
    );
  }

  setLength(i: number, length: number): void {
    this.#iovecs[2 * i + 1] = BigInt(length);
  }

  pointAt(i: number, address: bigint): void {
    this.#lengths.setBigUint64(i * MMSGHDR_BYTES, address, true);
  }
}

/** A socket that answers. */
export class DatagramServer {
  readonly #addresses = new Uint8Array(BATCH * ADDRESS_BYTES);
  readonly #addressesAt = addressOf(this.#addresses);
  readonly #in = new Batch(IN_BYTES, this.#addresses);
  readonly #out = new Batch(UDP_BYTES_MAX, this.#addresses);
  #isClosed = false;
  /** Replies that the kernel did not take. */
  unsent = 0;

  private constructor(
    readonly fd: number,
    readonly port: number,
    readonly libc: Libc,
    readonly waiting: WaitingLibc,
    readonly clock: Clock,
  ) {}

  /**
   * @param port 0 for a free one
   * @throws {Error} saying who is in the way
   */
  static open(ip: string, port: number, clock: Clock): DatagramServer {
    const libc = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
    const waiting = Deno.dlopen("libc.so.6", WAITING_SYMBOLS).symbols;
    const fd = libc.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
    if (fd < 0) throw failure(libc, ip, port);
    const size = new Uint8Array(new Uint32Array([RECEIVE_BUFFER_BYTES]).buffer);
    libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size, 4); // no harm where it is refused
    const address = socketAddress(ip, port);
    if (libc.bind(fd, address, ADDRESS_BYTES) !== 0) {
      const error = failure(libc, ip, port);
      libc.close(fd);
      throw error;
    }
    libc.getsockname(fd, address, new Uint8Array(new Uint32Array([ADDRESS_BYTES]).buffer));
    return new DatagramServer(fd, address[2]! * 256 + address[3]!, libc, waiting, clock);
  }

  /** Answers until it is closed. */
  async run(handler: DatagramHandler): Promise<void> {
    while (!this.#isClosed) {
      let count = await this.waiting.recvmmsg(this.fd, this.#in.table, BATCH, MSG_WAITFORONE, null);
      if (count <= 0 && !this.#isClosed) await this.clock.sleep(PAUSE_MS);
      for (let batches = 0; count > 0 && !this.#isClosed; batches++) {
        this.#answer(count, handler);
        if (batches === BATCHES_IN_A_ROW) break;
        count = this.libc.recvmmsg(this.fd, this.#in.table, BATCH, MSG_DONTWAIT, null);
      }
    }
    this.libc.close(this.fd);
  }

  /** Ends `run`: the thread that waits wakes up. */
  close(): void {
    this.#isClosed = true;
    this.libc.shutdown(this.fd, SHUT_RDWR);
  }

  #answer(count: number, handler: DatagramHandler): void {
    let replies = 0;
    for (let i = 0; i < count; i++) {
      const length = this.#in.lengthOf(i);
      if (length < HEADER_BYTES) continue;
      const reply = handler(this.#in.packets[i]!, length, this.#out.packets[replies]!);
      if (typeof reply !== "number") void this.#sendLater(i, reply);
      else if (reply > 0) {
        this.#out.setLength(replies, reply);
        this.#out.pointAt(replies, this.#addressesAt + BigInt(i * ADDRESS_BYTES));
        replies++;
      }
    }
    if (replies > 0) this.#send(replies);
  }

  /** What a full buffer refuses is lost, as on any network: the client asks again. */
  #send(count: number): void {
    for (let from = 0; from < count;) {
      const table = from === 0 ? this.#out.table : this.#out.table.subarray(from * MMSGHDR_BYTES);
      const sent = this.libc.sendmmsg(this.fd, table, count - from, MSG_DONTWAIT);
      if (sent <= 0) this.unsent++;
      from += Math.max(sent, 1);
    }
  }

  async #sendLater(i: number, reply: Promise<Uint8Array>): Promise<void> {
    const at = i * ADDRESS_BYTES;
    const address = this.#addresses.slice(at, at + ADDRESS_BYTES);
    const bytes = new Uint8Array(await reply);
    if (this.#isClosed) return;
    const sent = this.libc.sendto(
      this.fd,
      bytes,
      BigInt(bytes.length),
      MSG_DONTWAIT,
      address,
      ADDRESS_BYTES,
    );
    if (sent < 0n) this.unsent++;
  }
}

function addressOf(view: Uint8Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(view)));
}

function socketAddress(ip: string, port: number): Uint8Array<ArrayBuffer> {
  const address = new Uint8Array(ADDRESS_BYTES);
  address.set([AF_INET, 0, port >> 8, port & 0xff, ...ip.split(".").map(Number)]);
  return address;
}

function failure(libc: Libc, ip: string, port: number): Error {
  const pointer = libc.__errno_location();
  const errno = pointer === null ? 0 : new Deno.UnsafePointerView(pointer).getInt32();
  const why = errno === EADDRINUSE
    ? "another program listens there, or at this port of every address"
    : errno === EADDRNOTAVAIL
    ? "this host has no such address"
    : `errno ${errno}`;
  return new Error(`Cannot answer names at ${ip}:${port}: ${why}`);
}
