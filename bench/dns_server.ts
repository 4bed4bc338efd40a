/** A DNS server as the agent has it, for the benchmark alone: `SERVICES` names at 127.0.0.1; prints its address. */
import { FakeCache, service } from "../dns/fixtures_contract.ts";
import { DnsServer } from "../dns/server.ts";
import { realClock } from "../cmd/clock.ts";

const IP = "127.0.0.1";
const [count = "10000", port = "0"] = Deno.args;
const labels = { "service.kubernetes.io/service-proxy-name": "wherry-dns" };
const cache = new FakeCache([
  service("kube-dns", { clusterIP: IP }, labels, "kube-system"),
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
  resolvConf: () => Promise.resolve(""),
  clock: realClock,
  newId: () => 0,
  log: (_message, { address = "" } = {}) => console.log(address),
  signal: new AbortController().signal,
  port: Number(port),
}).run();
