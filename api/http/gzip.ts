import { createGzip, gzipSync } from "node:zlib";
import { type Flow, isFlow, type Reply } from "./exchange.ts";

/** Smaller answers cost more to pack than to send. Source: kube-apiserver, defaultGzipThresholdBytes. */
const GZIP_BYTES_MIN = 128 * 1024;

/** Source: kube-apiserver, defaultGzipContentEncodingLevel. */
const LEVEL = 1;

/** Packs long answers for clients that ask for it. Watches and logs say no length and stay as they are. */
export function gzipped(reply: Reply, acceptEncoding: string | null): Reply {
  const { body, headers, foreign } = reply;
  if (foreign !== undefined) return reply;
  const length = isFlow(body) ? Number(headers["content-length"] ?? 0) : body.length;
  if (length < GZIP_BYTES_MIN || !/\bgzip\b/.test(acceptEncoding ?? "")) return reply;
  const { "content-length": _, ...rest } = headers;
  return {
    status: reply.status,
    headers: { ...rest, "content-encoding": "gzip", vary: "Accept-Encoding" },
    body: isFlow(body) ? gzipFlow(body) : gzipSync(body, { level: LEVEL }),
  };
}

function gzipFlow(flow: Flow): Flow {
  const gzip = createGzip({ level: LEVEL });
  gzip.on("drain", () => flow.resume());
  return {
    start(sink) {
      gzip.on("data", (chunk: Uint8Array) => {
        if (!sink.write(chunk)) gzip.pause();
      });
      gzip.on("end", () => sink.end());
      gzip.on("error", () => sink.abort());
      flow.start({
        write: (chunk) => gzip.write(chunk),
        end: () => gzip.end(),
        abort: () => sink.abort(),
      });
    },
    resume: () => void gzip.resume(),
    cancel() {
      flow.cancel();
      gzip.destroy();
    },
  };
}
