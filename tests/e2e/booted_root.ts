import { run } from "../../images/debian.ts";
import { eventually } from "./pods.ts";

/**
 * systemd as the first process of process, mount and cgroup namespaces of its own, below a root folder. The network
 * is the host's. What is for a whole machine is left out.
 */
const BOOT = `
root=$1; shift
for folder; do echo $$ > "$folder/cgroup.procs"; done
exec unshare --pid --fork --kill-child --mount --uts --ipc --cgroup --propagation private sh -ec '
  root=$1
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  if [ -e /sys/fs/cgroup/unified ]; then
    umount -R "$root/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
    mkdir "$root/sys/fs/cgroup/systemd" "$root/sys/fs/cgroup/unified"
    mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified"
  else
    umount "$root/sys/fs/cgroup"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  fi
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/run"
  cd "$root"
  exec chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin container=other \\
    /usr/lib/systemd/systemd --log-target=console --show-status=false --unit=multi-user.target
' sh "$root"
`;

/** They are for a machine's devices, terminals and users. */
const MASKED = [
  ...["systemd-udevd", "systemd-journald", "systemd-udev-trigger", "systemd-tmpfiles-setup-dev"]
    .map((name) => `${name}.service`),
  ...["systemd-sysctl", "systemd-modules-load", "systemd-logind", "systemd-networkd"]
    .map((name) => `${name}.service`),
  ...["getty.target", "console-getty.service", "remote-fs.target", "local-fs.target"],
];

/** Runs what is installed below the folder until it is disposed. */
export async function bootRoot(folder: string): Promise<AsyncDisposable> {
  const units = `${folder}/etc/systemd/system`;
  await Deno.mkdir(units, { recursive: true });
  for (const name of MASKED) await Deno.symlink("/dev/null", `${units}/${name}`);
  await Deno.writeTextFile(`${folder}/etc/machine-id`, "");
  const groups = await ownGroups();
  const child = new Deno.Command("sh", {
    args: ["-ec", BOOT, "sh", folder, ...groups],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await eventually(() => removed(groups));
    },
  };
}

/** Folders for its processes, in the hierarchies that systemd looks at. */
async function ownGroups(): Promise<string[]> {
  const top = "/sys/fs/cgroup";
  const isHybrid = await Deno.stat(`${top}/unified`).then(() => true, () => false);
  const roots = isHybrid ? [`${top}/systemd`, `${top}/unified`] : [top];
  const groups = roots.map((root) => `${root}/wherry-boot-${Deno.pid}`);
  for (const group of groups) await Deno.mkdir(group);
  return groups;
}

/** Its processes die after the one that was killed. */
async function removed(groups: readonly string[]): Promise<string> {
  for (const group of groups) {
    const isThere = await Deno.stat(group).then(() => true, () => false);
    if (!isThere) continue;
    try {
      await run("find", [group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
    } catch (error) {
      return String(error);
    }
    if (await Deno.stat(group).then(() => true, () => false)) return `${group} is in use`;
  }
  return "";
}
