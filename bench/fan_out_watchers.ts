/**
 * Arguments: url, token, watchers, events, timed. Prints `open` once all watch, `done` once each has seen all events,
 * and when each has seen as many as are timed besides, `delays P50 P99` in milliseconds.
 */
import { Buffer } from "node:buffer";
import { connect } from "node:tls";

const [url = "", token = "", ...numbers] = Deno.args;
const [watchers = 0, events = 0, timed = 0] = numbers.map(Number);
const { hostname, port } = new URL(url);
const EVENT = Buffer.from('{"type":"ADDED"');
const SENT = Buffer.from('"sent":"');
/** Digits of a time in milliseconds. */
const TIME_LENGTH = 13;
const request =
  `GET /api/v1/namespaces/fan-out/configmaps?watch=true&fieldSelector=metadata.name!=kube-root-ca.crt ` +
  `HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\nAccept: application/json\r\n\r\n`;

const delays: number[] = [];

interface Told {
  readonly opened: () => void;
  readonly finished: () => void;
  readonly timed: () => void;
}

function watch(tell: Told): void {
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  let [seen, seenTimed] = [0, 0];
  let isOpen = false;
  let rest: Buffer = Buffer.alloc(0);
  socket.on("secureConnect", () => socket.write(request));
  socket.on("data", (chunk: Uint8Array) => {
    if (!isOpen) tell.opened();
    isOpen = true;
    const text = rest.length === 0
      ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      : Buffer.concat([rest, chunk]);
    const isTimed = seen >= events;
    const [found, end] = isTimed ? readTimes(text) : occurrences(text);
    rest = text.subarray(
      Math.max(end, text.length - (isTimed ? SENT.length + TIME_LENGTH : EVENT.length) + 1),
    );
    if (isTimed) {
      seenTimed += found;
      if (found > 0 && seenTimed === timed) tell.timed();
      return;
    }
    seen += found;
    if (seen === events) tell.finished();
  });
  socket.on("error", (error: Error) => console.log(`error ${error.message}`));
}

/** @returns how often an event begins in `text`, and the end of the last beginning */
function occurrences(text: Buffer): [number, number] {
  let [found, end] = [0, 0];
  for (let at = text.indexOf(EVENT); at >= 0; at = text.indexOf(EVENT, end)) {
    found += 1;
    end = at + EVENT.length;
  }
  return [found, end];
}

/** The same of the times in events; each gives a delay. */
function readTimes(text: Buffer): [number, number] {
  let [found, end] = [0, 0];
  const now = Date.now();
  for (let at = text.indexOf(SENT); at >= 0; at = text.indexOf(SENT, end)) {
    const from = at + SENT.length;
    if (from + TIME_LENGTH > text.length) break;
    delays.push(now - Number(text.toString("latin1", from, from + TIME_LENGTH)));
    found += 1;
    end = from + TIME_LENGTH;
  }
  return [found, end];
}

function delaysText(): string {
  const sorted = Float64Array.from(delays).sort();
  const at = (share: number) => sorted[Math.floor(sorted.length * share)];
  return `delays ${at(0.5)} ${at(0.99)}`;
}

/** @returns what is called by each watcher, and calls `then` with the last */
function byAll(then: () => void): () => void {
  let count = 0;
  return () => {
    count += 1;
    if (count === watchers) then();
  };
}

const told: Told = {
  opened: byAll(() => console.log("open")),
  finished: byAll(() => console.log("done")),
  timed: byAll(() => {
    console.log(delaysText());
    Deno.exit(0);
  }),
};
for (let i = 0; i < watchers; i += 1) watch(told);
