/** A DNS server as the agent has it, for the benchmark alone: `dns_server.ts SERVICES ADDRESS CLUSTER`. */
import { FakeCache, service } from "../dns/fixtures_contract.ts";
import { DnsServer } from "../dns/server.ts";
import { realClock } from "../cmd/clock.ts";
import { HostCommands } from "../dataplane/host_commands.ts";
import { NameAnswers } from "../dataplane/name_answers.ts";
import { namesOf } from "../dataplane/names.ts";

const [count = "10000", ip = "", cluster = ""] = Deno.args;
const labels = { "service.kubernetes.io/service-proxy-name": "wherry-dns" };
const cache = new FakeCache([
  service("kube-dns", { clusterIP: ip }, labels, "kube-system"),
  ...Array.from(
    { length: Number(count) },
    (_, i) => service(`svc-${i}`, { clusterIP: `10.96.${i >> 8}.${i & 255}` }),
  ),
]);
await new DnsServer({
  cache,
  domain: "cluster.local",
  carry: () => Promise.resolve(),
  exchange: { ask: () => Promise.reject(new Error("the benchmark has no other servers")) },
  kernel: await NameAnswers.open({ names: namesOf(cluster), commands: new HostCommands() }),
  resolvConf: () => Promise.resolve(""),
  clock: realClock,
  newId: () => 0,
  log: (message, { reason = "" } = {}) => console.error(message, reason),
  signal: new AbortController().signal,
}).run();
