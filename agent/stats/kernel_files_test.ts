import assert from "node:assert/strict";
import {
  cgroupFolders,
  cpuNanosecondsOf,
  interfacesIn,
  memoryOf,
  nodeCpuNanosecondsOf,
  nodeMemoryOf,
  processesIn,
} from "./kernel_files.ts";

const FOLDERS = [
  {
    name: "version 1, with version 2 mounted beside it",
    text: "8:pids:/d/1\n4:memory:/d/1\n2:cpuacct:/d/1\n0::/d/1\n",
    want: { version: 1, cpu: "cpuacct/d/1", memory: "memory/d/1", processes: "pids/d/1" },
  },
  {
    name: "version 1 with controllers joined",
    text: "4:memory:/d/1\n2:cpu,cpuacct:/d/1\n",
    want: { version: 1, cpu: "cpuacct/d/1", memory: "memory/d/1", processes: "pids" },
  },
  {
    name: "version 2",
    text: "0::/system.slice/docker-1.scope\n",
    want: {
      version: 2,
      cpu: "system.slice/docker-1.scope",
      memory: "system.slice/docker-1.scope",
      processes: "system.slice/docker-1.scope",
    },
  },
  { name: "a process that has ended", text: "", want: undefined },
] as const;

for (const { name, text, want } of FOLDERS) {
  Deno.test(`cgroups: accounts of ${name}`, () => assert.deepEqual(cgroupFolders(text), want));
}

Deno.test("cgroups: memory of both versions, without pages that the kernel gives up first", () => {
  const first = "rss 1\ntotal_rss 40\ntotal_cache 60\ntotal_inactive_file 30\ntotal_pgfault 7\n";
  const want = { usage: 100, workingSet: 70, rss: 40, cache: 60 };
  const faults = { pageFaults: 7, majorPageFaults: 0 };
  assert.deepEqual(memoryOf(1, "100\n", first), { ...want, ...faults });
  const second = "anon 40\nfile 60\ninactive_file 30\npgfault 7\npgmajfault 0\n";
  assert.deepEqual(memoryOf(2, "100\n", second), { ...want, ...faults });
  assert.equal(memoryOf(2, "10\n", second).workingSet, 0);
});

Deno.test("cgroups: CPU in nanoseconds", () => {
  assert.equal(cpuNanosecondsOf(1, "1234567\n"), 1_234_567);
  assert.equal(cpuNanosecondsOf(2, "usage_usec 12\nuser_usec 10\n"), 12_000);
});

Deno.test("proc: the node's memory, CPU, processes and interfaces", () => {
  const meminfo = "MemTotal:  1000 kB\nMemFree:  400 kB\nCached:  300 kB\n" +
    "Inactive(file):  100 kB\nAnonPages:  50 kB\n";
  const { total, usage, workingSet } = nodeMemoryOf(meminfo);
  assert.deepEqual([total, usage, workingSet], [1_024_000, 614_400, 512_000]);
  assert.equal(nodeCpuNanosecondsOf("cpu  1 2 3 400 50 6 7 8 0 0\n"), 27 * 10_000_000);
  assert.equal(processesIn("0.00 0.01 0.05 3/456 7890\n"), 456);
  const net = "Inter-|\n face |\n    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n" +
    "  eth0: 100 2 1 3 0 0 0 0 200 4 5 6 0 0 0 0\n";
  assert.deepEqual(interfacesIn(net), [{
    name: "eth0",
    rxBytes: 100,
    rxPackets: 2,
    rxErrors: 1,
    rxDropped: 3,
    txBytes: 200,
    txPackets: 4,
    txErrors: 5,
    txDropped: 6,
  }]);
});
