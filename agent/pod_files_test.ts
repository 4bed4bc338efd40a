import assert from "node:assert/strict";
import type { PodSpec } from "../api/types/core_v1.ts";
import { etcHosts, hostnameOf, resolvConf } from "./pod_files.ts";
import { podWith } from "./pod_fixtures.ts";

const HOST = "# of the node\nnameserver 192.0.2.53\nsearch example.test\noptions edns0 ndots:2\n";

// deno-fmt-ignore
const RESOLVERS: readonly { name: string; spec: Partial<PodSpec>; dns?: string; want: string }[] = [
  { name: "the cluster's server alone is asked, the node's domains come last", spec: {}, dns: "10.0.0.10",
    want: "nameserver 10.0.0.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local example.test\noptions ndots:5\n" },
  { name: "a cluster without DNS asks as the node does", spec: {},
    want: "nameserver 192.0.2.53\nsearch example.test\noptions edns0 ndots:2\n" },
  { name: "Default asks as the node does", spec: { dnsPolicy: "Default" }, dns: "10.0.0.10",
    want: "nameserver 192.0.2.53\nsearch example.test\noptions edns0 ndots:2\n" },
  { name: "the node's network asks as the node does", spec: { hostNetwork: true }, dns: "10.0.0.10",
    want: "nameserver 192.0.2.53\nsearch example.test\noptions edns0 ndots:2\n" },
  { name: "unless it says otherwise", spec: { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }, dns: "10.0.0.10",
    want: "nameserver 10.0.0.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local example.test\noptions ndots:5\n" },
  { name: "None has only what the pod gives", spec: { dnsPolicy: "None", dnsConfig: { nameservers: ["192.0.2.1"], searches: ["x"], options: [{ name: "ndots", value: "1" }] } }, dns: "10.0.0.10",
    want: "nameserver 192.0.2.1\nsearch x\noptions ndots:1\n" },
];
for (const { name, spec, dns, want } of RESOLVERS) {
  Deno.test(`resolvConf: ${name}`, () => {
    const settings = { clusterDns: dns, clusterDomain: "cluster.local", hostResolvConf: HOST };
    assert.deepEqual(resolvConf(podWith(spec), settings), { text: want, complaints: [] });
  });
}

Deno.test("resolvConf: what is beyond the limits is left out and told", () => {
  const nameservers = [1, 2, 3, 4].map((n) => `192.0.2.${n}`);
  const searches = Array.from({ length: 33 }, (_, i) => `s${i}`);
  const { text, complaints } = resolvConf(
    podWith({ dnsPolicy: "None", dnsConfig: { nameservers, searches } }),
    { clusterDns: undefined, clusterDomain: "cluster.local", hostResolvConf: HOST },
  );
  const servers = "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n";
  const searched = searches.slice(0, 32).join(" ");
  assert.equal(text, `${servers}search ${searched}\n`);
  assert.deepEqual(complaints, [
    "Nameserver limits were exceeded, some nameservers have been omitted, " +
    "the applied nameserver line is: 192.0.2.1 192.0.2.2 192.0.2.3",
    "Search Line limits were exceeded, some search paths have been omitted, " +
    `the applied search line is: ${searched}`,
  ]);
});

const HOSTS = { ip: "10.0.0.9", clusterDomain: "cluster.local", hostEtcHosts: "127.0.0.1\tnode\n" };

Deno.test("etcHosts: names the pod, its subdomain and its aliases", () => {
  const text = etcHosts(
    podWith({ subdomain: "shop", hostAliases: [{ ip: "192.0.2.7", hostnames: ["a", "b"] }] }),
    HOSTS,
  );
  assert.ok(text.startsWith("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"));
  assert.ok(text.includes("10.0.0.9\tweb.shop.default.svc.cluster.local\tweb\n"));
  assert.ok(text.endsWith("\n# Entries added by HostAliases.\n192.0.2.7\ta\tb\n"));
});

Deno.test("etcHosts: the node's network shows the node's file", () => {
  assert.equal(
    etcHosts(podWith({ hostNetwork: true }), HOSTS),
    "# Kubernetes-managed hosts file (host network).\n127.0.0.1\tnode\n",
  );
});

// deno-fmt-ignore
const HOSTNAMES = [
  { spec: {},                       name: "web",                            want: "web" },
  { spec: { hostname: "front" },    name: "web",                            want: "front" },
  { spec: {},                       name: `${"a".repeat(62)}-bcd`,          want: "a".repeat(62) },
];
for (const { spec, name, want } of HOSTNAMES) {
  Deno.test(`hostnameOf: ${name} is ${want}`, () => {
    assert.equal(hostnameOf(podWith(spec, { metadata: { name } })), want);
  });
}
