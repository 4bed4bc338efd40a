/**
 * `deno run -A dataplane_connect.ts COUNT HOST:PORT…`: times connect() to each target, in turn, by the system call
 * itself, and prints the median of each in µs as JSON. The server must answer and close.
 */
const libc = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
}).symbols;

const AF_INET = 2;
const SOCK_STREAM = 1;

function sockaddr(target: string): Uint8Array<ArrayBuffer> {
  const [host = "", port = ""] = target.split(":");
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, Number(port));
  bytes.set(host.split(".").map(Number), 4);
  return bytes;
}

function connectUs(address: Uint8Array<ArrayBuffer>, scratch: Uint8Array<ArrayBuffer>): number {
  const fd = libc.socket(AF_INET, SOCK_STREAM, 0);
  const startMs = performance.now();
  const result = libc.connect(fd, address, address.length);
  const us = (performance.now() - startMs) * 1_000;
  if (result !== 0) throw new Error("Cannot measure: connect failed");
  while (libc.recv(fd, scratch, BigInt(scratch.length), 0) > 0n);
  libc.close(fd);
  return us;
}

const [count = "1", ...targets] = Deno.args;
const addresses = targets.map(sockaddr);
const samples: number[][] = targets.map(() => []);
const scratch = new Uint8Array(256);
for (let i = 0; i < Number(count); i++) {
  addresses.forEach((address, target) => samples[target]?.push(connectUs(address, scratch)));
}
const medians = samples.map((each) => each.sort((a, b) => a - b)[each.length >> 1]);
console.log(JSON.stringify(medians));
