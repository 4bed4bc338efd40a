import { Buffer } from "node:buffer";
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib";
import { HEADER_DICTIONARY } from "./dictionary.ts";
import { ProtocolError } from "./frames.ts";

/** Names are in lower case; several values of one name are joined by NUL. */
export type Headers = ReadonlyMap<string, string>;

/** Of all names and values of one block, unpacked: a small frame must not fill the memory. */
const HEADERS_BYTES_MAX = 64 << 10;
const OPTIONS = { dictionary: HEADER_DICTIONARY, flush: constants.Z_SYNC_FLUSH };

/** The number of pairs, then names and values, each behind its length: all in four bytes, big endian. */
export function encodeHeaders(headers: Headers): Uint8Array {
  const words = [...headers].flat().map((text) => Buffer.from(text));
  const block = Buffer.alloc(4 + words.reduce((sum, { length }) => sum + 4 + length, 0));
  let at = block.writeUInt32BE(headers.size);
  for (const word of words) {
    at = block.writeUInt32BE(word.length, at);
    at += word.copy(block, at);
  }
  return block;
}

/** @throws {ProtocolError} */
export function decodeHeaders(bytes: Uint8Array): Headers {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const number = () => {
    if (at + 4 > block.length) throw new ProtocolError("a header block ends too early");
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = () => {
    const end = number() + at;
    if (end > block.length) throw new ProtocolError("a header block ends too early");
    const found = block.toString("utf8", at, end);
    at = end;
    return found;
  };
  const headers = new Map<string, string>();
  for (let left = number(); left > 0; left--) headers.set(text().toLowerCase(), text());
  return headers;
}

/**
 * Packs header blocks: each goes on where the one before it ended, so the calls come one after the other. Whoever
 * unpacks does so with the dictionary or without it, as the first bytes say; Deno 2.9 packs without it.
 */
export class HeaderDeflater {
  readonly #stream: Deflate = hardened(createDeflate(OPTIONS));

  pack(headers: Headers): Promise<Uint8Array> {
    return through(this.#stream, encodeHeaders(headers), Infinity);
  }

  close(): void {
    this.#stream.destroy();
  }
}

/** Unpacks header blocks, in the order in which they came. */
export class HeaderInflater {
  readonly #stream: Inflate = hardened(createInflate(OPTIONS));

  /** @throws {ProtocolError} */
  async unpack(block: Uint8Array): Promise<Headers> {
    return decodeHeaders(await through(this.#stream, block, HEADERS_BYTES_MAX));
  }

  close(): void {
    this.#stream.destroy();
  }
}

/** An error is heard of where a block is awaited; without any listener a second one would end the process. */
function hardened<T extends Deflate | Inflate>(stream: T): T {
  stream.on("error", () => {});
  return stream;
}

function through(
  stream: Deflate | Inflate,
  bytes: Uint8Array,
  bytesMax: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const take = (part: Uint8Array) => {
      length += part.length;
      if (length <= bytesMax) return void parts.push(part);
      done();
      stream.destroy();
      reject(new ProtocolError(`headers are above ${bytesMax} bytes`));
    };
    const fail = (error: Error) => {
      done();
      reject(new ProtocolError(`headers can't be unpacked: ${error.message}`));
    };
    const done = () => stream.off("data", take).off("error", fail);
    stream.on("data", take).once("error", fail);
    stream.write(bytes, () => {
      done();
      resolve(Buffer.concat(parts));
    });
  });
}
