import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { hostOf } from "../../api/http/proxy.ts";
import { unreachable } from "../../api/http/proxy_transport.ts";
import type { ProxyLocation } from "../../api/http/proxy_location.ts";
import { serve } from "../../api/http/server.ts";
import { ADMIN_TOKEN, CLOCK, type Harness, podNamed, startApi } from "./harness.ts";

const NS = "/api/v1/namespaces/default";

/** Whatever is behind the proxies: one server that says what it was asked, and the addresses it was asked at. */
async function startBackend() {
  const opened: string[] = [];
  const server: Server = createServer(async (incoming, outgoing) => {
    if (incoming.url === "/redirect") {
      return void outgoing.writeHead(302, { location: "/login", connection: "x-hop", "x-hop": "1" })
        .end();
    }
    let body = "";
    for await (const chunk of incoming) body += chunk;
    outgoing.setHeader("set-cookie", ["a=1", "b=2"]);
    outgoing.writeHead(incoming.url === "/missing" ? 404 : 200, { "content-type": "text/x-own" });
    const { method, url, headers } = incoming;
    outgoing.end(JSON.stringify({ method, url, headers, body }));
  });
  const sockets: Promise<unknown>[] = [];
  server.on("upgrade", ({ url, headers }: IncomingMessage, socket: Socket) => {
    sockets.push(once(socket, "close"));
    const lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: echo"];
    socket.write(`${lines.join("\r\n")}\r\n\r\n${url} ${headers.authorization ?? "none"}!`);
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const proxies = {
    open(location: ProxyLocation): Promise<Duplex> {
      const scheme = "node" in location ? "agent" : location.scheme;
      opened.push(`${scheme} ${hostOf(location)}`);
      if (hostOf(location).endsWith(":9")) {
        return Promise.reject(unreachable("dial tcp 10.1.0.2:9: connect: connection refused"));
      }
      return new Promise((resolve) => {
        const socket = connect(port, "127.0.0.1", () => resolve(socket));
      });
    },
  };
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { proxies, opened, sockets, [Symbol.asyncDispose]: stop };
}

/** A pod with an address, a service over it, and its node. */
async function fill(api: Harness): Promise<void> {
  const merge = { "content-type": "application/merge-patch+json" };
  const ports = [{ containerPort: 8080 }];
  const spec = { containers: [{ name: "main", image: "x", ports }] };
  await api.call("POST", "/api/v1/nodes", { metadata: { name: "n1" } });
  const addresses = [{ type: "InternalIP", address: "192.0.2.7" }];
  await api.call("PATCH", "/api/v1/nodes/n1/status", { status: { addresses } }, merge);
  await api.call("POST", `${NS}/pods`, podNamed("web", { spec }));
  await api.call("POST", `${NS}/pods/web/binding`, { target: { name: "n1" } });
  const status = { podIP: "10.1.0.2", podIPs: [{ ip: "10.1.0.2" }] };
  await api.call("PATCH", `${NS}/pods/web/status`, { status }, merge);
  await api.call("POST", `${NS}/pods`, podNamed("waiting"));
  for (const name of ["web", "idle"]) {
    const spec = { ports: [{ name: "http", port: 80, targetPort: 8080 }] };
    await api.call("POST", `${NS}/services`, { metadata: { name }, spec });
  }
  const targetRef = { kind: "Pod", name: "web", namespace: "default" };
  const subsets = [{
    addresses: [{ ip: "10.1.0.2", targetRef }],
    ports: [{ name: "http", port: 8080 }],
  }];
  await api.call("POST", `${NS}/endpoints`, { metadata: { name: "web" }, subsets });
  await api.call("POST", `${NS}/endpoints`, { metadata: { name: "idle" }, subsets: [] });
}

// deno-fmt-ignore
const PLACES: readonly (readonly [path: string, opened: string, url: string])[] = [
  [`${NS}/pods/web/proxy/`,                    "http 10.1.0.2:8080",  "/"],
  [`${NS}/pods/web:81/proxy/a//b/%2F?c=d`,     "http 10.1.0.2:81",    "/a//b/%2F?c=d"],
  [`${NS}/pods/https:web:/proxy/a`,            "https 10.1.0.2:8080", "/a"],
  [`${NS}/services/web:80/proxy/a`,            "http 10.1.0.2:8080",  "/a"],
  [`${NS}/services/https:web:http/proxy/a`,    "https 10.1.0.2:8080", "/a"],
  ["/api/v1/nodes/n1/proxy/healthz",           "agent n1",            "/healthz"],
  ["/api/v1/nodes/n1:10250/proxy/healthz",     "agent n1",            "/healthz"],
  ["/api/v1/nodes/n1:9100/proxy/metrics",      "http 192.0.2.7:9100", "/metrics"],
  ["/api/v1/proxy/namespaces/default/pods/web/a", "http 10.1.0.2:8080", "/a"],
  ["/api/v1/proxy/nodes/n1/pods",              "agent n1",            "/pods"],
];

Deno.test("proxy: leads to pods, services and nodes", async () => {
  await using backend = await startBackend();
  await using api = await startApi({ proxies: backend.proxies });
  await fill(api);
  for (const [path, opened, url] of PLACES) {
    const { code, body, headers } = await api.call("GET", path);
    assert.deepEqual([code, backend.opened.at(-1), JSON.parse(body).url], [200, opened, url], path);
    assert.equal(headers.get("content-type"), "text/x-own");
    assert.deepEqual(headers.getSetCookie(), ["a=1", "b=2"]);
  }
});

Deno.test("proxy: passes methods, bodies and headers on, and keeps what is its own", async () => {
  await using backend = await startBackend();
  await using api = await startApi({ proxies: backend.proxies });
  await fill(api);
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    const own = { connection: "x-hop", "x-hop": "1", "x-kept": "2" };
    const { code, body } = await api.call(method, `${NS}/pods/web/proxy/a`, "sent", own);
    const { method: got, body: sent, headers } = JSON.parse(body);
    assert.deepEqual([code, got, sent, headers["x-kept"]], [200, method, "sent", "2"]);
    assert.deepEqual([headers.authorization, headers["x-hop"]], [undefined, undefined]);
  }
  const head = await api.call("HEAD", `${NS}/pods/web/proxy/missing`);
  assert.deepEqual([head.code, head.body], [404, ""]);
  const moved = await api.call("GET", `${NS}/pods/web/proxy/redirect`);
  assert.equal(moved.headers.get("location"), `${NS}/pods/web/proxy/login`);
  assert.equal(moved.headers.get("x-hop"), null);
  const root = await api.call("GET", `${NS}/pods/web/proxy?a=b`);
  assert.deepEqual([root.code, root.headers.get("location")], [301, `${NS}/pods/web/proxy/?a=b`]);
});

// deno-fmt-ignore
const REFUSALS: readonly (readonly [path: string, code: number, message: string])[] = [
  [`${NS}/pods/nope/proxy/`,           404, 'pods "nope" not found'],
  [`${NS}/pods/waiting/proxy/`,        400, "address not allowed"],
  [`${NS}/pods/ftp:web:80/proxy/`,     400, 'invalid pod request "ftp:web:80"'],
  [`${NS}/pods/web:9/proxy/`,          503, "error trying to reach service: dial tcp 10.1.0.2:9: connect: connection refused"],
  [`${NS}/services/web:81/proxy/`,     503, 'no service port 81 found for service "web"'],
  [`${NS}/services/web:other/proxy/`,  503, 'no endpoints available for service "web:other"'],
  [`${NS}/services/idle:80/proxy/`,    503, 'no endpoints available for service "idle"'],
  [`${NS}/services/nope/proxy/`,       404, 'endpoints "nope" not found'],
  ["/api/v1/nodes/nope/proxy/",        404, 'nodes "nope" not found'],
];

Deno.test("proxy: says what is wrong in Kubernetes's words", async () => {
  await using backend = await startBackend();
  await using api = await startApi({ proxies: backend.proxies });
  await fill(api);
  for (const [path, code, message] of REFUSALS) {
    const answer = await api.call("GET", path);
    assert.deepEqual([answer.code, answer.body.kind, answer.body.message], [
      code,
      "Status",
      message,
    ]);
  }
});

Deno.test("proxy: an upgrade goes through, without the caller's token", async () => {
  await using backend = await startBackend();
  await using api = await startApi({ proxies: backend.proxies });
  await fill(api);
  const server = await serve({ api: api.api, host: "127.0.0.1", port: 0, clock: CLOCK });
  const socket = connect(server.port, "127.0.0.1");
  const lines = [
    `GET ${NS}/services/web:80/proxy/socket?a=b HTTP/1.1`,
    "Host: api",
    "Connection: Upgrade",
    "Upgrade: echo",
    `Authorization: Bearer ${ADMIN_TOKEN}`,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  let text = "";
  socket.on("data", (chunk) => text += chunk);
  while (!text.includes("!")) await once(socket, "data");
  socket.write("echoed");
  while (!text.endsWith("echoed")) await once(socket, "data");
  assert.match(text, /^HTTP\/1\.1 101 [^]*\/socket\?a=b none!echoed$/);
  socket.destroy();
  await Promise.all(backend.sockets);
  await server.close();
});

Deno.test("proxy: discovery names it for pods, services and nodes", async () => {
  await using api = await startApi({});
  const { body } = await api.call("GET", "/api/v1");
  const rows = body.resources.filter(({ name }: { name: string }) => name.endsWith("/proxy"));
  const verbs = ["create", "delete", "get", "patch", "update"];
  assert.deepEqual(
    rows.map(({ name, kind, verbs }: Record<string, unknown>) => [name, kind, verbs]),
    [
      ["nodes/proxy", "NodeProxyOptions", verbs],
      ["pods/proxy", "PodProxyOptions", verbs],
      ["services/proxy", "ServiceProxyOptions", verbs],
    ],
  );
});
