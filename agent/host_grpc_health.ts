import { Buffer } from "node:buffer";
import type { ClientHttp2Session } from "node:http2";
import type { ProbeOutcome } from "./probes.ts";

const PATH = "/grpc.health.v1.Health/Check";
/** A frame of gRPC: one byte that says whether it is compressed, four of length, then the message. */
const FRAME_HEADER_BYTES = 5;
const SERVICE_FIELD = 0x0a;
const STATUS_FIELD = 0x08;
const SERVING = 1;
const STATUS_NAMES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
const UNIMPLEMENTED = "12";

/**
 * Asks a server for its health by `grpc.health.v1.Health/Check`, without TLS as the kubelet does. `signal` ends
 * the connection. @throws {Error} when the server can't be reached
 */
export async function grpcHealth(
  address: string,
  service: string,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  // few pods are asked this way: most nodes never load it
  const { connect } = await import("node:http2");
  const session = connect(`http://${address}`);
  const cut = () => session.destroy();
  signal.addEventListener("abort", cut, { once: true });
  try {
    return await check(session, address, service);
  } finally {
    signal.removeEventListener("abort", cut);
    session.destroy();
  }
}

function check(
  session: ClientHttp2Session,
  address: string,
  service: string,
): Promise<ProbeOutcome> {
  return new Promise((resolve, reject) => {
    session.on("error", reject);
    session.on("close", () => reject(new Error(`connection to ${address} was closed`)));
    const stream = session.request({
      ":method": "POST",
      ":path": PATH,
      "content-type": "application/grpc",
      "te": "trailers",
      "user-agent": "kube-probe/1.32",
    });
    const chunks: Uint8Array[] = [];
    let code = "";
    const see = (headers: Record<string, unknown>) => {
      if (headers["grpc-status"] !== undefined) code = String(headers["grpc-status"]);
    };
    stream.on("response", see);
    stream.on("trailers", see);
    stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("end", () => resolve(outcomeOf(code, Buffer.concat(chunks))));
    stream.end(requestFor(service));
  });
}

function requestFor(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0
    ? Buffer.alloc(0)
    : Buffer.concat([Buffer.from([SERVICE_FIELD, ...varint(name.length)]), name]);
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [value & 0x7f | 0x80, ...varint(value >>> 7)];
}

/** The texts are the kubelet's. */
function outcomeOf(code: string, frame: Buffer): ProbeOutcome {
  if (code === UNIMPLEMENTED) {
    const output = "this server does not implement the grpc health protocol " +
      "(grpc.health.v1.Health)";
    return { isSuccess: false, output: `error: ${output}` };
  }
  if (code !== "0" && code !== "") {
    return { isSuccess: false, output: `error: health rpc probe failed: status ${code}` };
  }
  const message = frame.subarray(FRAME_HEADER_BYTES);
  const status = message[0] === STATUS_FIELD ? message[1] ?? 0 : 0;
  if (status === SERVING) return { isSuccess: true, output: "" };
  const name = STATUS_NAMES[status] ?? String(status);
  return { isSuccess: false, output: `service unhealthy (responded with "${name}")` };
}
