import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { AgentTransport } from "../../api/http/agents.ts";
import { serve } from "../../api/http/server.ts";
import { StatusError } from "../../api/types/status.ts";
import { ADMIN_TOKEN, CLOCK, type Harness, podNamed, startApi } from "./harness.ts";

const NS = "/api/v1/namespaces/default";
const PODS = `${NS}/pods`;

/** An agent without TLS: logs in two pieces, and an echo behind every upgrade. */
async function startAgent() {
  const asked: string[] = [];
  let finish = () => {};
  const server = createServer((incoming, outgoing) => {
    asked.push(incoming.url ?? "");
    if (incoming.url?.includes("/refused/")) {
      outgoing.writeHead(400).end('container "a" in pod "refused" is waiting to start\n');
      return;
    }
    outgoing.write("first\n");
    finish = () => outgoing.end("second\n");
    if (!incoming.url?.includes("follow=true")) finish();
  });
  const closed: Promise<unknown>[] = [];
  server.on("upgrade", (incoming: IncomingMessage, socket: Socket, head: Uint8Array) => {
    const { authorization = "none", upgrade } = incoming.headers;
    asked.push(`${incoming.method} ${incoming.url} ${upgrade} ${authorization}`);
    closed.push(once(socket, "close"));
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
    );
    socket.write(head);
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const agents: AgentTransport = {
    fetch: (_node, path, init) => fetch(`http://127.0.0.1:${port}${path}`, init),
    connect(node): Promise<Duplex> {
      if (node.metadata.name === "gone") {
        throw new StatusError("ServiceUnavailable", "Cannot reach the agent of node gone");
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
  return { agents, asked, closed, finishLog: () => finish(), [Symbol.asyncDispose]: stop };
}

async function podOn(api: Harness, name: string, node: string, more = {}): Promise<void> {
  await api.call("POST", "/api/v1/nodes", { metadata: { name: node } });
  await api.call("POST", PODS, podNamed(name, more));
  await api.call("POST", `${PODS}/${name}/binding`, { target: { name: node } });
}

const two = { spec: { containers: [{ name: "a", image: "x" }, { name: "b", image: "x" }] } };

Deno.test("logs: reach the agent with their options, for the only container", async () => {
  await using agent = await startAgent();
  await using api = await startApi({ agents: agent.agents });
  await podOn(api, "web", "n1");
  const options = "tailLines=10&timestamps=true&sinceSeconds=5&limitBytes=100&previous=true";
  const log = await api.call("GET", `${PODS}/web/log?${options}`);
  assert.deepEqual([log.code, log.body], [200, "first\nsecond\n"]);
  assert.equal(log.headers.get("content-type"), "text/plain");
  const [asked = ""] = agent.asked;
  assert.ok(asked.startsWith("/containerLogs/default/web/a?"));
  const sent = new URLSearchParams(asked.split("?")[1]);
  assert.deepEqual([...sent].sort(), [...new URLSearchParams(options)].sort());
});

Deno.test("logs: followed ones come piece by piece", async () => {
  await using agent = await startAgent();
  await using api = await startApi({ agents: agent.agents });
  await podOn(api, "web", "n1");
  const response = await api.raw("GET", `${PODS}/web/log?follow=true`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, "first\n");
  agent.finishLog();
  assert.equal((await reader.read()).value, "second\n");
  assert.equal((await reader.read()).done, true);
});

Deno.test("logs: which container, and what is wrong, in Kubernetes's words", async () => {
  await using agent = await startAgent();
  await using api = await startApi({ agents: agent.agents });
  await podOn(api, "two", "n1", two);
  await podOn(api, "refused", "n1");
  const annotations = { "kubectl.kubernetes.io/default-container": "b" };
  await podOn(api, "chosen", "n1", { ...two, metadata: { name: "chosen", annotations } });
  await api.call("POST", PODS, podNamed("unbound"));
  const refused: [string, string][] = [
    ["two/log", "a container name must be specified for pod two, choose one of: [a b]"],
    ["two/log?container=c", "container c is not valid for pod two"],
    ["refused/log", 'container "a" in pod "refused" is waiting to start'],
    ["two/log?container=a&tailLines=-1", 'tailLines: Invalid value: "-1": must be a whole number'],
    ["two/exec?container=a&command=ls", "Upgrade request required"],
  ];
  for (const [path, message] of refused) {
    const { code, body } = await api.call("GET", `${PODS}/${path}`);
    assert.deepEqual([code, body.message], [400, message]);
  }
  await api.call("GET", `${PODS}/chosen/log`);
  assert.equal(agent.asked.at(-1), "/containerLogs/default/chosen/b");
  assert.deepEqual((await api.call("GET", `${PODS}/unbound/log`)).body, "");
});

/** Sends an upgrade over HTTP/1.1. @returns the connection and the head of the answer */
function upgrade(port: number, method: string, path: string, token = ADMIN_TOKEN) {
  const socket = connect(port, "127.0.0.1");
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: api",
    "Connection: Upgrade",
    "Upgrade: echo",
    `Authorization: Bearer ${token}`,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\nearly `);
  let text = "";
  const until = async (end: string) => {
    while (!text.includes(end)) {
      const [chunk] = await once(socket, "data");
      text += chunk;
    }
    const at = text.indexOf(end) + end.length;
    const taken = text.slice(0, at);
    text = text.slice(at);
    return taken;
  };
  return { socket, until };
}

Deno.test("streams: an upgrade reaches the agent and bytes go both ways", async () => {
  await using agent = await startAgent();
  await using api = await startApi({ agents: agent.agents });
  await podOn(api, "web", "n1");
  const server = await serve({ api: api.api, host: "127.0.0.1", port: 0, clock: CLOCK });
  const query = "command=sh&command=-c&command=a%20b&stdin=true&stdout=true&tty=true";
  const { socket, until } = upgrade(server.port, "POST", `${PODS}/web/exec?${query}`);
  assert.match(await until("\r\n\r\n"), /^HTTP\/1.1 101 /);
  socket.write("late!");
  assert.equal(await until("!"), "early late!");
  const path = "/exec/default/web/a?input=1&output=1&tty=1&command=sh&command=-c&command=a+b";
  assert.deepEqual(agent.asked, [`POST ${path} echo none`]);
  socket.destroy();
  await Promise.all(agent.closed);
  const forward = upgrade(server.port, "GET", `${PODS}/web/portforward?ports=80`);
  await forward.until("\r\n\r\n");
  assert.equal(agent.asked.at(-1), "GET /portForward/default/web?port=80 echo none");
  await server.close();
  await Promise.all(agent.closed);
});

Deno.test("streams: what is wrong before the switch comes as a Status", async () => {
  await using agent = await startAgent();
  await using api = await startApi({ agents: agent.agents });
  await podOn(api, "web", "n1");
  await podOn(api, "lost", "gone");
  await api.call("POST", PODS, podNamed("unbound"));
  await api.call("POST", PODS, podNamed("ended"));
  await api.call("POST", `${PODS}/ended/binding`, { target: { name: "n1" } });
  const phase = { status: { phase: "Succeeded" } };
  const merge = { "content-type": "application/merge-patch+json" };
  await api.call("PATCH", `${PODS}/ended/status`, phase, merge);
  const server = await serve({ api: api.api, host: "127.0.0.1", port: 0, clock: CLOCK });
  const refused: [path: string, code: number, token?: string][] = [
    [`${PODS}/web/exec`, 401, "wrong"],
    [`${PODS}/nope/exec`, 404],
    [`${PODS}/unbound/exec`, 400],
    [`${PODS}/ended/exec`, 400],
    [`${PODS}/web/attach?container=nope`, 400],
    [`${PODS}/lost/exec`, 503],
    [`${PODS}/web`, 400],
    ["/nowhere", 400],
  ];
  for (const [path, code, token] of refused) {
    const { until } = upgrade(server.port, "GET", path, token);
    const head = await until("\r\n\r\n");
    assert.ok(head.startsWith(`HTTP/1.1 ${code} `), `${path}: ${head}`);
    const status = JSON.parse(await until(`"code":${code}}`));
    assert.equal(status.kind, "Status");
  }
  await server.close();
});
