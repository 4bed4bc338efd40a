import { Buffer } from "node:buffer";
import type { ExecChunk, LogOptions } from "./runtime.ts";

/** One record of the log: a line, or a piece of a line that is too long for one. */
interface JsonRecord {
  readonly log?: string;
  readonly stream?: string;
  readonly time?: string;
}

/** The engine cuts lines at 16 KiB; each byte takes six at the most when it is escaped. */
const RECORD_BYTES_MAX = 1 << 20;
const NEWLINE = 10;
const BACKSLASH = 92;
/** How every record is written; what looks otherwise is read as any JSON. */
const START = Buffer.from('{"log":"');
const STREAM = Buffer.from('","stream":"std');
const LINE_END = Buffer.from("\\n");

/**
 * Turns blocks of a JSON log into what the container printed. Records of one stream that come together are one
 * chunk: whoever follows a busy log gets few large pieces. Source of the format: Docker, the json-file driver.
 */
export class JsonLogReader {
  readonly #options: LogOptions;
  #held = Buffer.alloc(0);
  /** Streams whose last record was not the end of a line. */
  readonly #unfinished = new Set<ExecChunk["stream"]>();

  constructor(options: LogOptions) {
    this.#options = options;
  }

  /** What is complete with this block; the rest is held until the next. */
  take(block: Uint8Array): ExecChunk[] {
    const bytes = this.#held.length === 0 ? Buffer.from(block) : Buffer.concat([this.#held, block]);
    const chunks: { stream: ExecChunk["stream"]; parts: Uint8Array[] }[] = [];
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      const record = this.#record(bytes.subarray(at, end));
      at = end + 1;
      if (record === undefined) continue;
      const last = chunks.at(-1);
      if (last?.stream === record.stream) last.parts.push(...record.parts);
      else chunks.push(record);
    }
    // no record is that long: the file is none of the engine's
    this.#held = bytes.length - at > RECORD_BYTES_MAX ? Buffer.alloc(0) : bytes.subarray(at);
    return chunks.map(({ stream, parts }) => ({ stream, bytes: Buffer.concat(parts) }));
  }

  #record(line: Buffer): { stream: ExecChunk["stream"]; parts: Uint8Array[] } | undefined {
    const { stream, text, time } = plainRecord(line) ?? anyRecord(line) ?? {};
    if (stream === undefined || text === undefined || time === undefined) return undefined;
    const { since, timestamps } = this.#options;
    const isContinued = this.#unfinished.has(stream);
    if (text.at(-1) === NEWLINE) this.#unfinished.delete(stream);
    else this.#unfinished.add(stream);
    if (since !== undefined && Date.parse(time()) < since) return undefined;
    const parts = timestamps && !isContinued ? [Buffer.from(`${time()} `), text] : [text];
    return { stream, parts };
  }
}

interface Piece {
  readonly stream: ExecChunk["stream"];
  readonly text: Uint8Array;
  readonly time: () => string;
}

/** The usual record, without decoding: nothing in it is escaped but the end of its line. */
function plainRecord(line: Buffer): Piece | undefined {
  const marker = line.lastIndexOf(STREAM);
  if (marker < 0 || !line.subarray(0, START.length).equals(START)) return undefined;
  const escape = line.indexOf(BACKSLASH, START.length);
  const isEnded = line.subarray(marker - LINE_END.length, marker).equals(LINE_END);
  if (escape >= 0 && escape < marker - (isEnded ? LINE_END.length : 0)) return undefined;
  const text = line.subarray(START.length, marker - (isEnded ? 1 : 0));
  if (isEnded) {
    // the escape is two bytes long: the first becomes the newline itself
    text[text.length - 1] = NEWLINE;
  }
  const rest = line.subarray(marker + STREAM.length);
  const stream = rest[0] === STDERR_INITIAL ? "stderr" : "stdout";
  return { stream, text, time: () => /"time":"([^"]*)"/.exec(rest.toString())?.[1] ?? "" };
}

const STDERR_INITIAL = "e".charCodeAt(0);

/** @returns undefined for a line that is no record: one that a crash of the engine has cut off */
function anyRecord(line: Buffer): Piece | undefined {
  try {
    const { log = "", stream, time = "" } = JSON.parse(line.toString()) as JsonRecord;
    const text = Buffer.from(log);
    return { stream: stream === "stderr" ? "stderr" : "stdout", text, time: () => time };
  } catch {
    return undefined;
  }
}
