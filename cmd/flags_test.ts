import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { asFlags } from "./as_flags.ts";
import { FLAGS, helpText, parseCommand, UsageError } from "./flags.ts";

const HOST = { hostname: "Boat", address: "192.0.2.7", dockerHost: undefined };

Deno.test("flags: the host fills in what no flag says", () => {
  const { command, settings } = parseCommand(["up"], HOST);
  equal(command, "up");
  equal(settings.nodeName, "boat");
  equal(settings.advertiseAddress, "192.0.2.7");
  equal(settings.dataDir, "/var/lib/wherry");
  equal(settings.dockerHost, "unix:///var/run/docker.sock");
  deepEqual(settings.nodePortRange, { first: 30_000, last: 32_767 });
  equal(settings.example, true);
});

const REFUSED: { args: string[]; says: RegExp }[] = [
  { args: ["upp"], says: /^Unknown command "upp": it is one of up, down, / },
  { args: ["up", "now"], says: /^Unexpected argument "now" after up$/ },
  { args: ["up", "--purrge"], says: /^Unknown option '--purrge': see help$/ },
  { args: ["up", "--api-port"], says: /'--api-port <value>' argument missing/ },
  { args: ["up", "--api-port=0"], says: /^--api-port "0": must be a port from 1 to 65535$/ },
  { args: ["up", "--api-port=x"], says: /^--api-port "x": / },
  { args: ["up", "--cluster-name=A"], says: /^--cluster-name "A": / },
  { args: ["up", "--cluster-name="], says: /^--cluster-name "": / },
  { args: ["up", "--data-dir=x"], says: /^--data-dir "x": must be an absolute path$/ },
  { args: ["up", "--data-dir=/"], says: /^--data-dir "\/": / },
  { args: ["up", "--service-cidr=10.0.0.0"], says: /^--service-cidr "10.0.0.0": / },
  { args: ["up", "--service-cidr=10.0.0.0/4"], says: /^--service-cidr / },
  { args: ["up", "--node-port-range=9-3"], says: /^--node-port-range "9-3": / },
  { args: ["up", "--node-name=a_b"], says: /^--node-name "a_b": / },
  { args: ["up", "--backend=ipvs"], says: /must be auto, ebpf, nftables or iptables$/ },
  { args: ["up", "--docker-host=ssh://x"], says: /^--docker-host "ssh:\/\/x": / },
  { args: ["master", "--store=x.db"], says: /^--store "x.db": must be an absolute path, or etcd:/ },
  { args: ["master", "--store=etcd:"], says: /^--store "etcd:": / },
  { args: ["master", "--store=etcd:http://a:2379,b:2379"], says: /^--store / },
  { args: ["master", "--etcd-cafile=ca"], says: /^--etcd-cafile "ca": must be an absolute path$/ },
  { args: ["up", "--logging-format=xml"], says: /must be text or json$/ },
  { args: ["up", "--bind-address=::1"], says: /must be an IPv4 address$/ },
];

for (const { args, says } of REFUSED) {
  Deno.test(`flags: refuses ${args.join(" ")}`, () => {
    throws(() => parseCommand(args, HOST), (error) => {
      ok(error instanceof UsageError);
      ok(says.test(error.message), error.message);
      return true;
    });
  });
}

Deno.test("flags: what one process passes on is what the other understands", () => {
  const args = ["--cluster-name=b", "--data-dir=/tmp/b/", "--node-port-range=31000-31099"];
  args.push("--policy-config-file=/etc/wherry/policy.json");
  args.push("--store=etcd:https://a:2379,https://b:2379", "--etcd-cafile=/tmp/ca.crt");
  const { settings } = parseCommand(["up", ...args], HOST);
  deepEqual(parseCommand(["master", ...asFlags(settings)], HOST).settings, settings);
});

Deno.test("flags: help names every command and flag, and is what comes without a command", () => {
  equal(parseCommand([], HOST).command, "help");
  equal(parseCommand(["up", "--help"], HOST).command, "help");
  for (const word of ["up", "agent", "--purge", "--service-cidr"]) ok(helpText().includes(word));
});

Deno.test("flags: pages name each of them", async () => {
  const read = (page: string) => Deno.readTextFile(new URL(`../${page}`, import.meta.url));
  const pages = (await Promise.all(["README.md", "docs/nodes.md"].map(read))).join("\n");
  const named = new Set(pages.match(/--[a-z][a-z-]+/g));
  const unnamed = Object.keys(FLAGS).filter((name) => !named.has(`--${name}`));
  deepEqual(unnamed, ["help"]);
});
