/** What answers the benchmark's names, and how each is started. */
export const SERVICES = 10_000;
export const OWN_PORT = 53;

export const nameOf = (i: number) => `svc-${i}.default.svc.cluster.local`;
const ipOf = (i: number) => `10.96.${i >> 8}.${i & 255}`;

export const lines = (line: (i: number) => string) =>
  Array.from({ length: SERVICES }, (_, i) => `${line(i)}\n`).join("");

export interface Place {
  /** For settings. */
  readonly folder: string;
  readonly address: string;
  readonly cluster: string;
}

export interface Server {
  readonly name: string;
  readonly program: string;
  readonly port: number;
  args(place: Place): Promise<string[]>;
}

export const SERVERS: readonly Server[] = [
  {
    name: "wherry",
    program: Deno.execPath(),
    port: OWN_PORT,
    args: ({ address, cluster }) =>
      Promise.resolve([
        ...["run", "-A", "--quiet", new URL("./dns_server.ts", import.meta.url).pathname],
        ...[`${SERVICES}`, address, cluster],
      ]),
  },
  {
    name: "unbound",
    program: "unbound",
    port: 5_301,
    async args({ folder, address }) {
      const settings = `server:\n  interface: ${address}\n  port: 5301\n  username: ""\n` +
        `  access-control: 0.0.0.0/0 allow\n` +
        `  chroot: ""\n  pidfile: ""\n  num-threads: 1\n  use-syslog: no\n  do-daemonize: no\n` +
        `  directory: "${folder}"\n  local-zone: "cluster.local." static\n` +
        lines((i) => `  local-data: "${nameOf(i)}. 5 A ${ipOf(i)}"`);
      await Deno.writeTextFile(`${folder}/unbound.conf`, settings);
      return ["-d", "-c", `${folder}/unbound.conf`];
    },
  },
  {
    name: "dnsmasq",
    program: "dnsmasq",
    port: 5_302,
    async args({ folder, address }) {
      await Deno.writeTextFile(`${folder}/hosts`, lines((i) => `${ipOf(i)} ${nameOf(i)}`));
      return [
        ...["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root"],
        ...[`--addn-hosts=${folder}/hosts`, "--port=5302", "--bind-interfaces"],
        ...[`--listen-address=${address}`, "--local=/cluster.local/"],
        ...["--local-ttl=5", "--pid-file="],
      ];
    },
  },
];
