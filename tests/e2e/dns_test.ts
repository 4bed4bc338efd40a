import assert from "node:assert/strict";
import type { Service } from "../../api/types/core_v1.ts";
import { dnsServiceIp } from "../../api/registry/cluster_dns.ts";
import { EXAMPLE_IMAGE } from "../../cmd/example.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { eventually, podsOf, readyPods } from "./pods.ts";

/** How long a change may take from its answer to the name's: the goal, and what a busy machine adds. */
const VISIBLE_MS = 1_000;
const BUSY_MS = 2_000;

const pod = (name: string, labels: Record<string, string>, spec: Record<string, unknown> = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "main", image: "busybox:1.35", command: ["sleep", "3600"] }],
    ...spec,
  },
});

const service = (name: string, spec: Record<string, unknown>) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec,
});

const HTTP = { name: "http", port: 80 };
const DOMAIN = "cluster.local";

/** Debian's resolver is glibc's, busybox has its own. */
const GLIBC = {
  volumes: [{ name: "getent", hostPath: { path: "/usr/bin/getent", type: "File" } }],
  containers: [{
    name: "main",
    image: EXAMPLE_IMAGE,
    command: ["sleep", "3600"],
    volumeMounts: [{ name: "getent", mountPath: "/usr/bin/getent", readOnly: true }],
  }],
};

function world() {
  return [
    pod("client", { app: "client" }),
    pod("glibc", { app: "client" }, GLIBC),
    pod("on-node", { app: "client" }, { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }),
    pod("db-a", { app: "db" }, { hostname: "db-0", subdomain: "db" }),
    pod("db-b", { app: "db" }, { hostname: "db-1", subdomain: "db" }),
    service("web", { selector: { app: "none" }, ports: [HTTP] }),
    service("db", { clusterIP: "None", selector: { app: "db" }, ports: [HTTP] }),
    service("alias", { type: "ExternalName", externalName: `web.default.svc.${DOMAIN}` }),
  ];
}

Deno.test("pods find services by their names", async (t) => {
  await using cluster = await startCluster({});
  const { kubectl } = cluster;
  const items = world();
  await kubectl.apply({ apiVersion: "v1", kind: "List", items });
  await readyPods(cluster, "client", 3);
  const databases = await readyPods(cluster, "db", 2);
  const web = (await kubectl.json<Service>("get", "service", "web")).spec.clusterIP ?? "";
  const ips = databases.map(({ status }) => status?.podIP ?? "");
  const ipOf = (name: string) =>
    databases.find(({ metadata }) => metadata.name === name)?.status?.podIP ?? "";
  const dnsIp = dnsServiceIp(cluster.settings.serviceCidr);
  await eventually(async () => missing(await ask(cluster, `db.default.svc.${DOMAIN}`), ips));

  await t.step("kubectl shows the service that they ask", async () => {
    const text = await kubectl.run("get", "service", "-n", "kube-system");
    assert.match(text, new RegExp(`kube-dns +ClusterIP +${dnsIp} +<none> +53/UDP,53/TCP`));
  });

  const CASES: [name: string, type: string, wants: string[]][] = [
    [`web.default.svc.${DOMAIN}`, "a", [web]],
    [`web.default.${DOMAIN}`, "a", [web]],
    [`db.default.svc.${DOMAIN}`, "a", ips],
    [`db-0.db.default.svc.${DOMAIN}`, "a", [ipOf("db-a")]],
    [`${ipOf("db-a").replaceAll(".", "-")}.default.pod.${DOMAIN}`, "a", [ipOf("db-a")]],
    [`_http._tcp.web.default.svc.${DOMAIN}`, "srv", [`80 web.default.svc.${DOMAIN}`]],
    [`_http._tcp.db.default.svc.${DOMAIN}`, "srv", [`80 db-1.db.default.svc.${DOMAIN}`]],
    [`alias.default.svc.${DOMAIN}`, "a", [`web.default.svc.${DOMAIN}`, web]],
    [reverse(web), "ptr", [`web.default.svc.${DOMAIN}`]],
    [reverse(ipOf("db-b")), "ptr", [`db-1.db.default.svc.${DOMAIN}`]],
    [`nobody.default.svc.${DOMAIN}`, "a", ["NXDOMAIN"]],
  ];
  await Promise.all(CASES.map(([name, type, wants]) =>
    t.step({
      name: `${type} of ${name.replaceAll(/\d+[.-]/g, "")}`,
      fn: async () => assert.equal(missing(await ask(cluster, name, type), wants), ""),
      sanitizeOps: false,
      sanitizeResources: false,
      sanitizeExit: false,
    })
  ));

  await t.step("the search list completes short names, in glibc too", async () => {
    for (const client of ["glibc", "on-node"]) {
      for (const name of ["web", "web.default", "web.default.svc", `web.default.${DOMAIN}`]) {
        const command = client === "glibc"
          ? ["getent", "hosts", name]
          : ["sh", "-c", `ping -c 1 -W 1 ${name} | head -1`];
        assert.equal(missing(await kubectl.run("exec", client, "--", ...command), [web]), "", name);
      }
    }
    const file = await kubectl.run("exec", "client", "--", "cat", "/etc/resolv.conf");
    assert.match(file, new RegExp(`^nameserver ${dnsIp}\nsearch default.svc.${DOMAIN} svc.`));
    assert.match(file, /ndots:5/);
  });

  await t.step("a change is visible within a second", async () => {
    await kubectl.apply(service("late", { selector: { app: "db" }, ports: [HTTP] }));
    const from = performance.now();
    const { spec } = await kubectl.json<Service>("get", "service", "late");
    await eventually(async () =>
      missing(await ask(cluster, `late.default.svc.${DOMAIN}`), [spec.clusterIP ?? ""])
    );
    assert.ok(performance.now() - from < VISIBLE_MS + BUSY_MS);
  });

  await t.step("the agent's end and restart takes no name away for long", async () => {
    await cluster.kill("agent");
    await cluster.start("agent");
    await eventually(async () => {
      const text = await ask(cluster, `web.default.svc.${DOMAIN}`).catch(String);
      return missing(text, [web]);
    });
    assert.equal((await podsOf(cluster, "client")).length, 3);
  });
});

/** nslookup's text, whatever it ends with. */
async function ask({ kubectl }: Cluster, name: string, type = "a"): Promise<string> {
  const command = `nslookup -type=${type} ${name}. 2>&1 || true`;
  return await kubectl.run("exec", "client", "--", "sh", "-c", command);
}

/** @returns "" when all are there */
function missing(text: string, wants: readonly string[]): string {
  const missed = wants.filter((want) => !text.includes(want));
  return missed.length === 0 ? "" : `no ${missed} in: ${text}`;
}

function reverse(ip: string): string {
  return `${ip.split(".").reverse().join(".")}.in-addr.arpa`;
}
