import assert from "node:assert/strict";
import type { Service } from "../../api/types/core_v1.ts";
import { dnsServiceIp } from "../../api/registry/cluster_dns.ts";
import { realClock } from "../../cmd/clock.ts";
import { decode, encode } from "../../dns/fixtures_contract.ts";
import { HostExchange } from "../../dns/host_exchange.ts";
import { EXAMPLE_IMAGE } from "../../cmd/example.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { docker, eventually, podsOf, readyPods } from "./pods.ts";

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
  const texts = await printed(
    cluster,
    "client",
    CASES.map(([name, type]) => `nslookup -type=${type} ${name}.`),
  );
  for (const [i, [name, type, wants]] of CASES.entries()) {
    await t.step(`${type} of ${name.replaceAll(/\d+[.-]/g, "")}`, () => {
      assert.equal(missing(texts[i] ?? "", wants), "");
    });
  }

  await t.step("the search list completes short names, in glibc too", async () => {
    const names = ["web", "web.default", "web.default.svc", `web.default.${DOMAIN}`];
    const ways = {
      glibc: (name: string) => `getent hosts ${name}`,
      "on-node": (name: string) => `ping -c 1 -W 1 ${name} | head -1`,
    };
    for (const [client, way] of Object.entries(ways)) {
      const found = await printed(cluster, client, names.map(way));
      assert.deepEqual(found.map((text) => missing(text, [web])), names.map(() => ""));
    }
    const file = await kubectl.run("exec", "client", "--", "cat", "/etc/resolv.conf");
    assert.match(file, new RegExp(`^nameserver ${dnsIp}\nsearch default.svc.${DOMAIN} svc.`));
    assert.match(file, /ndots:5/);
  });

  await t.step("names that are known are answered in the kernel", async () => {
    await ask(cluster, `web.default.svc.${DOMAIN}`);
    const before = await answeredInKernel(cluster);
    await ask(cluster, `web.default.svc.${DOMAIN}`);
    assert.ok(await answeredInKernel(cluster) > before);
    assert.match(await namesCondition(cluster), /^True Answered the kernel and the agent answer/);
  });

  await t.step("a change is visible within a second, on the node itself too", async () => {
    await kubectl.apply(service("late", { clusterIP: "None", selector: { app: "db" } }));
    const [{ metadata: { name } = { name: "" } } = {}] = databases;
    const count = async () => {
      const query = encode(`late.default.svc.${DOMAIN}`, "A");
      const how = { isStream: false, timeoutMs: 5_000, isReply: () => true };
      const reply = await new HostExchange(realClock).ask(dnsIp, query, how);
      return decode(reply).answers?.length ?? 0;
    };
    await eventually(async () => await count() === 2 ? "" : "the service has no addresses");
    await kubectl.run("delete", "pod", name, "--wait=false");
    const from = performance.now();
    for (let left = 2; left !== 1;) {
      left = await count();
      const took = performance.now() - from;
      assert.ok(took < VISIBLE_MS + BUSY_MS, `${left} addresses after ${took} ms`);
      if (left !== 1) await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });

  await t.step(
    "the agent's end takes no known name away, and its restart none for long",
    async () => {
      const client = await openShell(cluster, "client");
      await ask(cluster, `web.default.svc.${DOMAIN}`);
      await cluster.kill("agent");
      assert.equal(missing(await client(`nslookup -type=a web.default.svc.${DOMAIN}.`), [web]), "");
      await cluster.start("agent");
      await eventually(async () => {
        const text = await ask(cluster, `web.default.svc.${DOMAIN}`).catch(String);
        return missing(text, [web]);
      });
      assert.equal((await podsOf(cluster, "client")).length, 3);
    },
  );
});

async function answeredInKernel({ kubectl }: Cluster): Promise<number> {
  const text = await kubectl.run("get", "--raw", "/api/v1/nodes/e2e-node/proxy/metrics");
  return Number(/^wherry_dns_answered_in_kernel_total (\d+)$/m.exec(text)?.[1]);
}

async function namesCondition({ kubectl }: Cluster): Promise<string> {
  const path = '{.status.conditions[?(@.type=="NamesAnswered")]}';
  const text = await kubectl.run("get", "node", "e2e-node", "-o", `jsonpath=${path}`);
  const { status, reason, message } = JSON.parse(text);
  return `${status} ${reason} ${message}`;
}

/** Without the agent, which streams of kubectl go through. */
async function openShell({ kubectl }: Cluster, pod: string) {
  const path = "jsonpath={.status.containerStatuses[0].containerID}";
  const id = (await kubectl.run("get", "pod", pod, "-o", path)).replace("docker://", "");
  return (script: string) => docker("exec", id, "sh", "-c", script);
}

const MARK = "-- next --";

/** What each command prints, whatever it ends with; one shell runs them all. */
async function printed({ kubectl }: Cluster, pod: string, commands: string[]): Promise<string[]> {
  const script = commands.map((command) => `${command} 2>&1; echo "${MARK}"`).join("\n");
  const text = await kubectl.run("exec", pod, "--", "sh", "-c", script);
  return text.split(MARK).slice(0, commands.length);
}

async function ask(cluster: Cluster, name: string, type = "a"): Promise<string> {
  return (await printed(cluster, "client", [`nslookup -type=${type} ${name}.`]))[0] ?? "";
}

/** @returns "" when all are there */
function missing(text: string, wants: readonly string[]): string {
  const missed = wants.filter((want) => !text.includes(want));
  return missed.length === 0 ? "" : `no ${missed} in: ${text}`;
}

function reverse(ip: string): string {
  return `${ip.split(".").reverse().join(".")}.in-addr.arpa`;
}
