import assert from "node:assert/strict";
import type { Node, Service } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";
import type { WatchedCache } from "../client/cache.ts";
import { Announcer } from "./announcer.ts";
import { HealthCheckServers } from "./host_health_checks.ts";
import { namesOf } from "./names.ts";

const NAMES = namesOf("announcing");
const LINK = `${NAMES.linkPrefix}lb`;

Deno.test("announcer: takes addresses, tells neighbours once, and gives all up with the link", async () => {
  const ran: string[] = [];
  const services = ["192.0.2.9", "192.0.2.8"].map(balanced);
  const announcer = announcerOf(services, ran);
  await announcer.sync();
  assert.deepEqual(ran.splice(0), [
    `link add ${LINK} type bridge`,
    `link set ${LINK} addrgenmode none`,
    `link set ${LINK} up`,
    `address add 192.0.2.8/32 dev ${LINK}`,
    `address add 192.0.2.9/32 dev ${LINK}`,
    "arping -q -U -c 1 -I eth7 192.0.2.8",
    "arping -q -U -c 1 -I eth7 192.0.2.9",
  ]);
  await announcer.sync();
  assert.deepEqual(ran.splice(0), []);
  services.pop();
  await announcer.sync();
  assert.deepEqual(ran.splice(0).slice(2), [`address del 192.0.2.8/32 dev ${LINK}`]);
  services.pop();
  await announcer.sync();
  assert.deepEqual(ran, [`link delete ${LINK}`]);
});

Deno.test("health checks: 200 with pods here, 503 without, nothing once gone", async () => {
  const servers = new HealthCheckServers(() => {});
  const probe = Deno.listen({ port: 0 });
  const { port } = probe.addr as Deno.NetAddr;
  probe.close();
  const check = { port, namespace: "default", name: "web" };
  const ask = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
    return [answer.status, (await answer.json()).localEndpoints];
  };
  await servers.sync([{ ...check, localEndpoints: 2 }]);
  assert.deepEqual(await ask(), [200, 2]);
  await servers.sync([{ ...check, localEndpoints: 0 }]);
  assert.deepEqual(await ask(), [503, 0]);
  await servers.close();
  await assert.rejects(ask());
});

function announcerOf(services: Service[], ran: string[]): Announcer {
  let hasLink = false;
  const commands = {
    has: () => Promise.resolve(true),
    run(command: string, args: readonly string[], stdin = ""): Promise<string> {
      if (args.includes("to")) return Promise.resolve('[{},{"ifname":"eth7"}]');
      if (args.includes("-json")) return Promise.resolve("[]");
      if (args.includes("-brief")) return Promise.resolve(hasLink ? `${LINK} UP\n` : "");
      if (stdin !== "") ran.push(...stdin.trimEnd().split("\n"));
      else ran.push(`${command === "ip" ? "" : `${command} `}${args.join(" ")}`);
      hasLink = true;
      return Promise.resolve("");
    },
  };
  const node: Node = {
    ...{ apiVersion: "v1", kind: "Node", metadata: { name: "n" }, spec: {} },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  };
  const cache = {
    list: ({ kind }: Resource<KubeObject>) => kind === "Node" ? [node] : services,
    get: () => undefined,
  } as unknown as WatchedCache;
  const own = { name: "n", address: "198.51.100.1" };
  const checks = { sync: () => Promise.resolve(), close: () => Promise.resolve() };
  return new Announcer({ cache, commands, names: NAMES, node: own, checks, log: () => {} });
}

function balanced(ip: string): Service {
  return {
    ...{ apiVersion: "v1", kind: "Service", metadata: { name: ip, namespace: "default" } },
    spec: { type: "LoadBalancer", ports: [{ port: 80 }] },
    status: { loadBalancer: { ingress: [{ ip }] } },
  };
}
