import { deepEqual, equal } from "node:assert/strict";
import { parseCommand, type Settings } from "./flags.ts";
import { type HostFacts, planHost } from "./host_checks.ts";

const WHOLE: HostFacts = {
  os: "linux",
  arch: "x86_64",
  uid: 0,
  kernel: "6.1.0-18-amd64",
  hasCgroup2: true,
  hasApt: true,
  has: new Set(["ip", "nft", "conntrack", "libbpf.so.1", "dockerd"]),
  engineVersion: "20.10.24",
};
const NOTHING = new Set<string>();
const ALL = ["iproute2", "nftables", "conntrack", "libbpf1"];

function settings(...flags: string[]): Settings {
  const host = { hostname: "boat", address: "192.0.2.7", dockerHost: undefined };
  return parseCommand(["up", ...flags], host).settings;
}

const CASES: {
  name: string;
  host: Partial<HostFacts>;
  flags?: string[];
  packages?: string[];
  lacks?: number;
}[] = [
  { name: "a whole host needs nothing", host: {} },
  { name: "what is missing comes from Debian", host: { has: NOTHING }, packages: ALL },
  {
    name: "an engine is installed where none answers",
    host: { has: NOTHING, engineVersion: undefined },
    packages: [...ALL, "docker.io"],
  },
  { name: "an installed engine is started", host: { engineVersion: undefined } },
  { name: "root is needed", host: { uid: 1000 }, lacks: 1 },
  { name: "kernel 5.4 is too old", host: { kernel: "5.4.0-1" }, lacks: 1 },
  { name: "kernel 5.10 is new enough", host: { kernel: "5.10.0" } },
  { name: "kernel 10.0 is new enough", host: { kernel: "10.0-rc1" } },
  { name: "nftables do without cgroup v2", host: { hasCgroup2: false } },
  { name: "eBPF does not", host: { hasCgroup2: false }, flags: ["--backend=ebpf"], lacks: 1 },
  {
    name: "without apt every missing thing is told",
    host: { has: NOTHING, hasApt: false },
    packages: ALL,
    lacks: 4,
  },
  { name: "another system ends the list", host: { os: "darwin", uid: 501 }, lacks: 1 },
];

for (const { name, host, flags = [], packages = [], lacks = 0 } of CASES) {
  Deno.test(`host checks: ${name}`, () => {
    const plan = planHost({ ...WHOLE, ...host }, settings(...flags));
    deepEqual(plan.packages, packages);
    equal(plan.lacks.length, lacks, plan.lacks.join("\n"));
  });
}
