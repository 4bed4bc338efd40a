import assert from "node:assert/strict";
import {
  environmentText,
  flagsIn,
  type InstallWish,
  pathsToRemove,
  planInstall,
  rejectUnquotable,
} from "./installation.ts";

const WISH: InstallWish = {
  roles: ["agent"],
  manager: "systemd",
  program: "/tmp/wherry",
  flags: ["--node-name=boat"],
  environments: new Map([["/etc/wherry/agent.env", 'WHERRY_FLAGS="--api-port=1"\n']]),
  services: new Map([["wherry-agent.service", "unit"], ["wherry-agent.conf", "job"]]),
};

const paths = (wish: Partial<InstallWish>) =>
  planInstall({ ...WISH, ...wish }).map(({ path }) => path);

Deno.test("install: what is laid down for which service manager", () => {
  const env = "/etc/wherry/agent.env";
  const unit = "/etc/systemd/system/wherry-agent.service";
  const want = "/etc/systemd/system/multi-user.target.wants/wherry-agent.service";
  const table: { manager: InstallWish["manager"]; want: string[] }[] = [
    { manager: "systemd", want: ["/usr/local/bin/wherry", env, unit, want] },
    { manager: "upstart", want: ["/usr/local/bin/wherry", env, "/etc/init/wherry-agent.conf"] },
    { manager: "none", want: ["/usr/local/bin/wherry", env, unit, want] },
  ];
  for (const { manager, want } of table) assert.deepEqual(paths({ manager }), want, manager);
});

Deno.test("install: uninstall knows every path that install lays down", () => {
  const removed = pathsToRemove();
  for (const manager of ["systemd", "upstart"] as const) {
    for (const path of paths({ manager, roles: ["master", "agent"] })) {
      assert.ok(removed.some((one) => path === one || path.startsWith(`${one}/`)), path);
    }
  }
});

Deno.test("install: flags of an earlier installation stay until others are given", () => {
  const textOf = (flags: string[]) => {
    const file = planInstall({ ...WISH, flags }).find(({ path }) => path.endsWith(".env"));
    return file !== undefined && "text" in file ? flagsIn(file.text) : undefined;
  };
  assert.deepEqual(textOf([]), ["--api-port=1"]);
  assert.deepEqual(textOf(["--node-name=boat"]), ["--node-name=boat"]);
});

Deno.test("install: an environment file reads back as it was written", () => {
  const flags = ["--node-name=boat", "--store=etcd:http://a:1,http://b:2"];
  assert.deepEqual(flagsIn(environmentText("agent", flags)), flags);
  assert.equal(flagsIn("# nothing\n"), undefined);
  assert.throws(() => rejectUnquotable(["--data-dir=/a b"]), /--data-dir=\/a b/);
});
