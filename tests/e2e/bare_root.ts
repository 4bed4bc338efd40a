import { run, unpackPackages } from "../../images/debian.ts";

/** What a node needs beside the one file: a base system, and what `up` would install itself where there is apt. */
const PACKAGES =
  "dash coreutils tar gzip libc6 libgcc-s1 mount util-linux iproute2 nftables conntrack libbpf1"
    .split(" ");

/** In a mount namespace of its own: a bare root with the kernel's file systems, the engine and one folder of data. */
const ENTER = [
  "root=$1 data=$2 engine=$3; shift 3",
  'mount --bind "$root" "$root"',
  'for name in proc sys dev; do mount --rbind "/$name" "$root/$name"; done',
  'touch "$root/engine.sock"; mount --bind "$engine" "$root/engine.sock"',
  'mkdir -p "$root$data"; mount --bind "$data" "$root$data"',
  'cd /; exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin HOME=/root "$@"',
].join("\n");

/** A root with neither Deno nor this repository, in which programs run with this host's kernel and engine. */
export interface BareRoot extends AsyncDisposable {
  readonly folder: string;
  /** @returns what the program printed; throws with its errors unless it succeeds */
  run(...command: string[]): Promise<string>;
}

/**
 * @param dataDir lies at the same path inside, where the engine finds volumes
 * @param more packages that it has besides
 */
export async function makeBareRoot(
  dataDir: string,
  engineSocket: string,
  more: readonly string[] = [],
): Promise<BareRoot> {
  const folder = await Deno.makeTempDir({ prefix: "wherry-bare-" });
  await unpackPackages([...PACKAGES, ...more], folder);
  await Deno.symlink("dash", `${folder}/usr/bin/sh`).catch((error) => {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
  const namespace = ["--mount", "--propagation", "private"];
  return {
    folder,
    run: (...command) =>
      run("unshare", [
        ...namespace,
        "sh",
        "-ec",
        ENTER,
        "sh",
        folder,
        dataDir,
        engineSocket,
        ...command,
      ]),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
