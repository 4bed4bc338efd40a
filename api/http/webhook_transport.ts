import { request } from "node:https";
import { isIP } from "node:net";
import {
  ANSWER_BYTES_MAX,
  type WebhookAnswer,
  type WebhookPost,
  type WebhookTransport,
} from "../admission/webhook_transport.ts";

/** Each call has a connection of its own: webhooks are asked rarely, and their authorities differ. */
export function webhookTransport(): WebhookTransport {
  return (post) =>
    new Promise((resolve, reject) => {
      const { host, port, path, ca, serverName: servername, body, signal } = post;
      const sent = Buffer.from(body);
      const asked = request({
        host,
        port,
        path,
        ...(isIP(servername) === 0 && { servername }),
        method: "POST",
        agent: false,
        signal,
        ...(ca !== undefined && { ca }),
        headers: headersOf(post, sent.length),
      }, (answer) => {
        const chunks: Uint8Array[] = [];
        let length = 0;
        answer.on("data", (chunk: Uint8Array) => {
          length += chunk.length;
          if (length > ANSWER_BYTES_MAX) {
            asked.destroy(new Error(`the answer is longer than ${ANSWER_BYTES_MAX} bytes`));
          } else chunks.push(chunk);
        });
        answer.once("error", reject);
        answer.once("end", () => {
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks) } as WebhookAnswer);
        });
      });
      asked.once("error", reject);
      asked.end(sent);
    });
}

function headersOf({ serverName, port }: WebhookPost, length: number): Record<string, string> {
  const name = serverName.includes(":") ? `[${serverName}]` : serverName;
  return {
    host: port === 443 ? name : `${name}:${port}`,
    "content-type": "application/json",
    accept: "application/json",
    "content-length": String(length),
    connection: "close",
  };
}
