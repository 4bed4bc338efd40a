import assert from "node:assert/strict";
import { containerOptions, fromInspection, sandboxOptions } from "./docker_containers.ts";
import type { Mount, SandboxConfig } from "./runtime.ts";
import { containerWith, sandboxWith } from "./runtime_fixtures.ts";

const BIND = { Type: "bind", Source: "/a:b", Target: "/v" };

// deno-fmt-ignore
const MOUNTS: { name: string; mount: Partial<Mount>; binds?: string[]; mounts?: unknown[] }[] = [
  { name: "as it is",               mount: {},                                              binds: ["/a:/v"] },
  { name: "read-only",              mount: { isReadOnly: true },                            binds: ["/a:/v:ro"] },
  { name: "seeing later mounts",    mount: { propagation: "rslave" },                       binds: ["/a:/v:rslave"] },
  { name: "showing its own mounts", mount: { propagation: "rshared", isReadOnly: true },    binds: ["/a:/v:ro,rshared"] },
  { name: "with a colon",           mount: { hostPath: "/a:b" },                            mounts: [{ ...BIND, ReadOnly: false, BindOptions: { Propagation: "rprivate" } }] },
  { name: "with a colon and more",  mount: { hostPath: "/a:b", isReadOnly: true, propagation: "rslave" }, mounts: [{ ...BIND, ReadOnly: true, BindOptions: { Propagation: "rslave" } }] },
];
for (const { name, mount, binds = [], mounts = [] } of MOUNTS) {
  Deno.test(`DockerRuntime: mounts a path ${name}`, () => {
    const whole: Mount = {
      hostPath: "/a",
      containerPath: "/v",
      isReadOnly: false,
      propagation: "private",
      ...mount,
    };
    const { HostConfig } = containerOptions(containerWith({ mounts: [whole] }), SETTINGS);
    assert.deepEqual([HostConfig?.Binds, HostConfig?.Mounts], [binds, mounts]);
  });
}

const SETTINGS = { cluster: "test", sandboxImage: "pause" };

const FREE = "seccomp=unconfined";

// deno-fmt-ignore
const cases: { name: string; config: Partial<SandboxConfig>; want: string[] }[] = [
  { name: "needs no filter where nobody sees it",           config: {},                      want: [FREE] },
  { name: "needs none for the node's network",              config: { isHostNetwork: true }, want: [FREE] },
  { name: "has the engine's filter among its pod's processes", config: { isPidShared: true },   want: [] },
  { name: "has the engine's filter among the node's",       config: { isHostPid: true },     want: [] },
];

for (const { name, config, want } of cases) {
  Deno.test(`sandbox: ${name}`, () => {
    const { HostConfig } = sandboxOptions(sandboxWith(config), SETTINGS);
    assert.deepEqual(HostConfig?.SecurityOpt, ["no-new-privileges", ...want]);
  });
}

// deno-fmt-ignore
const ERRORS: { name: string; kept: string; want: string }[] = [
  { name: "of its program is told",        kept: 'exec: "x": no such file or directory: unknown', want: 'exec: "x": no such file or directory: unknown' },
  { name: "of the engine is none",         kept: "transport is closing: unavailable",             want: "" },
  { name: "that was not is none",          kept: "",                                              want: "" },
];

for (const { name, kept, want } of ERRORS) {
  Deno.test(`DockerRuntime: an error ${name}`, () => {
    const { Labels } = containerOptions(containerWith(), SETTINGS);
    const State = { ...NEVER_STARTED, Error: kept };
    const found = { Id: "1", Image: "shop", Created: "", Config: { Labels }, State };
    assert.equal(fromInspection(found as never)?.error, want);
  });
}

const NEVER_STARTED = { Status: "created", Running: false, StartedAt: "", FinishedAt: "" };
