/** Arguments: url, token, watchers, events. Prints `open` once all watch, `done` once each has seen all events. */
import { connect } from "node:tls";

const [url = "", token = "", watchers = "0", events = "0"] = Deno.args;
const { hostname, port } = new URL(url);
const MARK = new TextEncoder().encode('{"type":"ADDED"');
const request =
  `GET /api/v1/namespaces/fan-out/configmaps?watch=true&fieldSelector=metadata.name!=kube-root-ca.crt ` +
  `HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\nAccept: application/json\r\n\r\n`;

function watch(opened: () => void, finished: () => void): void {
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  let seen = 0;
  let isOpen = false;
  let rest: Uint8Array = new Uint8Array();
  socket.on("secureConnect", () => socket.write(request));
  socket.on("data", (chunk: Uint8Array) => {
    if (!isOpen) {
      isOpen = true;
      opened();
    }
    const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const [found, end] = occurrences(Buffer.from(text.buffer, text.byteOffset, text.byteLength));
    rest = text.subarray(Math.max(end, text.length - MARK.length + 1));
    seen += found;
    if (seen === Number(events)) finished();
  });
  socket.on("error", (error: Error) => console.log(`error ${error.message}`));
}

/** @returns how often the mark stands in `text`, and the end of its last place */
function occurrences(text: Buffer): [number, number] {
  let [found, end] = [0, 0];
  for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, end)) {
    found += 1;
    end = at + MARK.length;
  }
  return [found, end];
}

import { Buffer } from "node:buffer";
let [opened, finished] = [0, 0];
for (let i = 0; i < Number(watchers); i += 1) {
  watch(() => {
    opened += 1;
    if (opened === Number(watchers)) console.log("open");
  }, () => {
    finished += 1;
    if (finished === Number(watchers)) {
      console.log("done");
      Deno.exit(0);
    }
  });
}
