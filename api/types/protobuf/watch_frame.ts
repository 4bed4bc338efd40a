import { WireWriter } from "./writer.ts";

const OVERHEAD_BYTES = 64;
const HEAD_BYTES = 4;

/**
 * One event of a watch in protobuf: four bytes of length, the highest first, and a WatchEvent whose object
 * is in its envelope. Source: k8s.io/apimachinery, LengthDelimitedFramer.
 */
export function watchFrame(type: string, envelope: Uint8Array): Uint8Array {
  const writer = new WireWriter(envelope.length + OVERHEAD_BYTES);
  writer.bytes(1, envelope);
  writer.message(2, 0);
  writer.string(1, type);
  const head = new Uint8Array(HEAD_BYTES);
  new DataView(head.buffer).setUint32(0, writer.length);
  writer.raw(head);
  return writer.finish();
}
