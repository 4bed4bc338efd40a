/**
 * What a cluster may leave on a host: a line for each thing, sorted, without what changes by itself.
 * @param ownLink the link that the test itself laid down, whose own routes come and go
 */
export async function hostState(ownLink: string): Promise<string[]> {
  const parts = await Promise.all([
    lines("link", ["ip", "-o", "link", "show"], (line) => line.split(": ")[1]?.split("@")[0]),
    lines("route", ["ip", "-o", "route", "show", "table", "all"]),
    lines("rule", ["ip", "rule", "show"]),
    lines("nftables", ["nft", "--stateless", "list", "ruleset"]),
    ...["filter", "nat", "mangle", "raw"].map((table) =>
      lines(`iptables ${table}`, ["iptables", "-t", table, "-S"])
    ),
    lines("neighbour", ["ip", "neigh", "show", "nud", "permanent"]),
    lines("sysctl", [
      "sysctl",
      "-a",
      "--pattern",
      "^net\\.ipv4\\.(ip_forward|conf\\.(all|default))",
    ]),
    lines(
      "program",
      ["bpftool", "prog", "show"],
      (line) => /name (service_|answer_|from_|to_)/.exec(line) ? line.split("tag")[0] : undefined,
    ),
    lines(
      "cgroup program",
      ["bpftool", "cgroup", "tree"],
      (line) => /\b(service|answer)_/.test(line) ? line : "",
    ),
    lines("cgroup", ["find", "/sys/fs/cgroup", "-type", "d", "-name", "*wherry*"]),
    lines("container", ["docker", "ps", "-aq"]),
    lines("pins", ["find", "/sys/fs/bpf", "-mindepth", "1"]),
    lines(
      "mount",
      ["findmnt", "-rno", "TARGET"],
      (line) => line.includes("/docker/") || line.includes("/netns/") ? undefined : line,
    ),
  ]);
  return parts.flat().filter((line) => !line.includes(ownLink)).sort();
}

async function lines(
  what: string,
  [program = "", ...args]: string[],
  keep: (line: string) => string | undefined = (line) => line.trim(),
): Promise<string[]> {
  const { stdout } = await new Deno.Command(program, { args, stderr: "null" }).output();
  const text = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  return text.flatMap((line) => {
    const kept = keep(line);
    return kept === undefined || kept === "" ? [] : [`${what} ${kept}`];
  });
}
