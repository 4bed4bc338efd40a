/**
 * Load on a data path, by the system calls themselves: `deno run -A dataplane_load.ts serve tcp|udp` answers on port
 * 8090, one client at a time; without arguments it does what each line of standard input asks, and prints what came of
 * it as a line of JSON.
 */
export const LOAD_PORT = 8_090;

/** Connections that end at once; with one question each; questions on one connection; bytes; datagrams. */
export const KINDS = ["connect", "close", "keep-alive", "throughput", "udp"] as const;
export type Kind = typeof KINDS[number];

export interface Ask {
  readonly kind: Kind;
  readonly host: string;
  readonly port: number;
  readonly ms: number;
}

export interface Done {
  /** Questions, connections, or megabytes. */
  readonly perSecond: number;
  readonly count: number;
  /** Of connect() where there is one for each, else of one question. */
  readonly p50Us: number;
  readonly p99Us: number;
}

const libc = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept: { parameters: ["i32", "pointer", "pointer"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  recvfrom: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "buffer"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
}).symbols;

const AF_INET = 2;
const STREAM = 1;
const DATAGRAM = 2;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_LINGER = 13;
const SO_RCVTIMEO = 20;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const NO_SIGNAL = 0x4000;
const QUESTION_BYTES = 64n;
const CHUNK = new Uint8Array(128 * 1024);
const RESET = new Uint8Array(new Int32Array([1, 0]).buffer);
const TWO_SECONDS = new Uint8Array(new BigInt64Array([2n, 0n]).buffer);
const ONE = new Uint8Array(new Int32Array([1]).buffer);

function sockaddr(host: string, port: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  bytes.set(host.split(".").map(Number), 4);
  return bytes;
}

function must(result: number | bigint, what: string): number {
  if (Number(result) < 0) throw new Error(`Cannot measure: ${what} failed`);
  return Number(result);
}

function listenTcp(): never {
  const fd = must(libc.socket(AF_INET, STREAM, 0), "socket");
  libc.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ONE, 4);
  must(libc.bind(fd, sockaddr("0.0.0.0", LOAD_PORT), 16), "bind");
  must(libc.listen(fd, 1024), "listen");
  console.log("ready");
  for (;;) {
    const client = libc.accept(fd, null, null);
    libc.setsockopt(client, IPPROTO_TCP, TCP_NODELAY, ONE, 4);
    for (;;) {
      const got = libc.recv(client, CHUNK, BigInt(CHUNK.length), 0);
      if (got <= 0n) break;
      if (got <= QUESTION_BYTES) libc.send(client, CHUNK, got, NO_SIGNAL); // larger ones are a stream
    }
    libc.close(client);
  }
}

function listenUdp(): never {
  const fd = must(libc.socket(AF_INET, DATAGRAM, 0), "socket");
  must(libc.bind(fd, sockaddr("0.0.0.0", LOAD_PORT), 16), "bind");
  console.log("ready");
  const from = new Uint8Array(16);
  const length = new Uint8Array(new Uint32Array([16]).buffer);
  for (;;) {
    const got = libc.recvfrom(fd, CHUNK, BigInt(CHUNK.length), 0, from, length);
    if (got >= 0n) libc.sendto(fd, CHUNK, BigInt(got), 0, from, 16);
  }
}

function connected(kind: number, to: Uint8Array<ArrayBuffer>, times?: number[]): number {
  const fd = must(libc.socket(AF_INET, kind, 0), "socket");
  if (kind === STREAM) {
    libc.setsockopt(fd, SOL_SOCKET, SO_LINGER, RESET, 8); // no port waits after it
    libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ONE, 4);
  }
  libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, TWO_SECONDS, 16);
  const fromMs = performance.now();
  must(libc.connect(fd, to, 16), "connect");
  times?.push(performance.now() - fromMs);
  return fd;
}

function question(fd: number): void {
  must(libc.send(fd, CHUNK, QUESTION_BYTES, NO_SIGNAL), "send");
  if (must(libc.recv(fd, CHUNK, QUESTION_BYTES, 0), "recv") === 0) throw new Error("no answer");
}

/** How each kind makes one step; what it opened for all steps is closed by `end`. */
function stepOf(kind: Kind, to: Uint8Array<ArrayBuffer>, times: number[]) {
  if (kind === "connect" || kind === "close") {
    const step = () => {
      const fd = connected(STREAM, to, times);
      if (kind === "close") question(fd);
      libc.close(fd);
      return 1;
    };
    return { step, end: () => {} };
  }
  const fd = connected(kind === "udp" ? DATAGRAM : STREAM, to);
  const end = () => void libc.close(fd);
  if (kind === "throughput") {
    const step = () => must(libc.send(fd, CHUNK, BigInt(CHUNK.length), NO_SIGNAL), "send") / 1e6;
    return { step, end };
  }
  const step = () => {
    const fromMs = performance.now();
    question(fd);
    times.push(performance.now() - fromMs);
    return 1;
  };
  return { step, end };
}

function load({ kind, host, port, ms }: Ask): Done {
  const times: number[] = [];
  const { step, end } = stepOf(kind, sockaddr(host, port), times);
  const fromMs = performance.now();
  let count = 0;
  while (performance.now() - fromMs < ms) count += step();
  const seconds = (performance.now() - fromMs) / 1_000;
  end();
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0) * 1_000;
  return { perSecond: count / seconds, count, p50Us: at(0.5), p99Us: at(0.99) };
}

async function obey(): Promise<void> {
  console.log("ready");
  let text = "";
  for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end; (end = text.indexOf("\n")) >= 0; text = text.slice(end + 1)) {
      console.log(JSON.stringify(load(JSON.parse(text.slice(0, end)))));
    }
  }
}

if (import.meta.main) {
  const [role, protocol] = Deno.args;
  if (role !== "serve") await obey();
  else if (protocol === "udp") listenUdp();
  else listenTcp();
}
