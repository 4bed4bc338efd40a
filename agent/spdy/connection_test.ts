import assert from "node:assert/strict";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { SpdyConnection } from "./connection.ts";
import { encodeFrame, type Frame, FrameReader } from "./frames.ts";
import { SpdyStream, UNREAD_BYTES_MAX } from "./stream.ts";

/** Two ends of one connection in memory. */
function pipeEnds(): [Duplex, Duplex] {
  const end = (other: () => Duplex) =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        other().push(chunk);
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
      destroy(error, done) {
        if (!other().readableEnded) other().push(null);
        done(error);
      },
    });
  const a: Duplex = end(() => b);
  const b: Duplex = end(() => a);
  return [a, b];
}

function pairOf(onStream: (stream: SpdyStream) => void) {
  const [here, there] = pipeEnds();
  const server = new SpdyConnection(there, { isServer: true, onStream });
  return { client: new SpdyConnection(here, { isServer: false }), server };
}

/** A server, and frames as they are sent to it and come from it. */
function rawServer(onStream: (stream: SpdyStream) => void = () => {}) {
  const [here, there] = pipeEnds();
  const server = new SpdyConnection(there, { isServer: true, onStream });
  const reader = new FrameReader();
  const frames: Frame[] = [];
  here.on("data", (chunk) => frames.push(...reader.read(chunk)));
  const first = async (type: Frame["type"]) => {
    while (!frames.some((frame) => frame.type === type)) await once(here, "data");
    return frames.find((frame) => frame.type === type);
  };
  return { server, here, frames, first, send: (frame: Frame) => here.write(encodeFrame(frame)) };
}

const echo = (stream: SpdyStream) => void stream.pipe(stream);

Deno.test("spdy: streams carry their headers and bytes, each to its own end", async () => {
  const seen: string[] = [];
  const { client, server } = pairOf((stream) => {
    seen.push(stream.headers.get("name") ?? "");
    echo(stream);
  });
  const words = Array.from({ length: 50 }, (_, i) => `${i}`.repeat(5_000));
  const answers = await Promise.all(words.map(async (word, i) => {
    const stream = await client.open(new Map([["name", String(i)]]));
    stream.end(word);
    return await text(stream);
  }));
  assert.deepEqual(answers, words);
  assert.deepEqual(seen, words.map((_, i) => String(i)));
  assert.equal(server.streamCount, 0);
  client.destroy();
  await Promise.all([client.ended, server.ended]);
});

Deno.test("spdy: a stream that nobody reads holds the connection up before it fills the memory", async () => {
  const streams: SpdyStream[] = [];
  const { client, server } = pairOf((stream) => void streams.push(stream));
  const full = await client.open(new Map());
  full.end(new Uint8Array(4 * UNREAD_BYTES_MAX));
  while (streams.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const stream = streams[0]!;
  while (stream.readableLength < UNREAD_BYTES_MAX) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(stream.readableLength < 2 * UNREAD_BYTES_MAX);
  assert.equal((await text(stream)).length, 4 * UNREAD_BYTES_MAX);
  client.destroy();
  await Promise.all([client.ended, server.ended]);
});

Deno.test("spdy: who gives a stream up ends it on both sides", async () => {
  const arrived = Promise.withResolvers<SpdyStream>();
  const { client, server } = pairOf((stream) => arrived.resolve(stream));
  const stream = await client.open(new Map());
  const other = await arrived.promise;
  const closed = once(other, "close");
  stream.destroy();
  await closed;
  assert.equal(server.streamCount, 0);
  server.destroy();
  await Promise.all([client.ended, server.ended]);
});

Deno.test("spdy: answers pings", async () => {
  const { server, here, send, first } = rawServer();
  send({ type: "ping", id: 7 });
  assert.deepEqual(await first("ping"), { type: "ping", id: 7 });
  here.destroy();
  server.destroy();
  await server.ended;
});

Deno.test("spdy: keeps within the window once the other side has set one", async () => {
  const arrived = Promise.withResolvers<SpdyStream>();
  const { server, here, send, first, frames } = rawServer((stream) => arrived.resolve(stream));
  send({ type: "settings", settings: new Map([[7, 10]]) });
  const [a, b] = pipeEnds();
  const packer = new SpdyConnection(a, { isServer: false });
  b.once("data", (chunk) => here.write(chunk));
  void packer.open(new Map());
  const stream = await arrived.promise;
  stream.end("0123456789and more");
  await first("data");
  const sent = () => frames.filter((frame) => frame.type === "data").map(({ bytes }) => bytes);
  const sentText = () => sent().map((bytes) => new TextDecoder().decode(bytes)).join("");
  assert.equal(sentText(), "0123456789");
  send({ type: "windowUpdate", streamId: 1, bytes: 100 });
  while (!sentText().endsWith("more")) await once(here, "data");
  packer.destroy();
  server.destroy();
  await Promise.all([server.ended, packer.ended]);
});

Deno.test("spdy: says farewell to who does not keep to the protocol", async () => {
  const { server, here, first } = rawServer();
  here.write(Uint8Array.of(0x80, 2, 0, 1, 0, 0, 0, 0));
  assert.deepEqual(await first("goAway"), { type: "goAway", lastStreamId: 0, status: 1 });
  await server.ended;
});
