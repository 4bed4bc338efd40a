import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { serve } from "../../api/http/server.ts";
import { ensurePki } from "../../cmd/pki.ts";
import { parseMetrics } from "../fixtures/prometheus.ts";
import { until } from "../fixtures/master.ts";
import { ADMIN_TOKEN, CLOCK, type Harness, startApi } from "./harness.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const WATCH = `${MAPS}?watch=true&resourceVersion=0`;
/** More than sockets and the server together hold for one client. */
const [CHANGES, CHANGE_BYTES] = [60, 700_000];
const AUTHORIZATION = `Bearer ${ADMIN_TOKEN}`;

/** A watch that is opened and not read. @returns how it is let go of */
async function openWatch(port: number, isHttp2: boolean): Promise<() => void> {
  if (!isHttp2) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const request = `GET ${WATCH} HTTP/1.1\r\nhost: a\r\nauthorization: ${AUTHORIZATION}\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    await connection.read(new Uint8Array(4096));
    return () => connection.close();
  }
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on("error", () => {});
  const stream = session.request({ ":path": WATCH, authorization: AUTHORIZATION });
  stream.on("error", () => {});
  stream.end();
  await once(stream, "response");
  return () => session.destroy();
}

for (const isHttp2 of [false, true]) {
  const over = isHttp2 ? "HTTP/2" : "HTTP/1.1";
  Deno.test(`slow watch: who does not read over ${over} is cut off, others are not`, async () => {
    await using api = await startApi();
    const tls = isHttp2 ? await ownCertificate() : undefined;
    const listener = { api: api.api, host: "127.0.0.1", port: 0, clock: CLOCK };
    const server = await serve(tls === undefined ? listener : { ...listener, tls });
    const letGo = await openWatch(server.port, isHttp2);
    const reader = await api.watch(WATCH);
    await until(async () => await watchesOf(api) === 2 ? true : undefined);
    const text = "x".repeat(CHANGE_BYTES);
    for (let change = 0; change < CHANGES; change += 1) {
      const body = { metadata: { name: `m${change}` }, data: { text } };
      assert.equal((await api.call("POST", MAPS, body)).code, 201);
      await api.call("DELETE", `${MAPS}/m${change}`, { propagationPolicy: "Background" });
      assert.deepEqual(await reader.take(2), [`ADDED m${change}`, `DELETED m${change}`]);
    }
    await until(async () => await watchesOf(api) === 1 ? true : undefined);
    letGo();
    await reader.close();
    await server.close();
  });
}

async function watchesOf(api: Harness): Promise<number> {
  const families = parseMetrics((await api.call("GET", "/metrics")).body);
  return (families.get("apiserver_longrunning_requests")?.samples ?? [])
    .filter(({ labels }) => labels["resource"] === "configmaps")
    .reduce((sum, { value }) => sum + value, 0);
}

async function ownCertificate() {
  const folder = await Deno.makeTempDir();
  await ensurePki(folder, {
    ...{ clusterName: "test", nodeName: "n1", nodeAddresses: ["127.0.0.1"] },
    apiServiceAddress: "10.96.0.1",
  }, Date.now());
  const pem = (file: string) => Deno.readTextFile(`${folder}/${file}`);
  const tls = {
    key: await pem("apiserver.key"),
    cert: await pem("apiserver.crt"),
    ca: await pem("ca.crt"),
  };
  await Deno.remove(folder, { recursive: true });
  return tls;
}
