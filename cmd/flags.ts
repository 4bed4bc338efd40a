import { parseArgs } from "node:util";
import {
  absolutePath,
  addressPool,
  backend,
  bootstrapToken,
  caHash,
  cidr,
  clusterName,
  count,
  dockerHost,
  durationMs,
  ipv4,
  loggingFormat,
  nodeName,
  optionalPath,
  overlay,
  port,
  portRange,
  positive,
  roles,
  serverUrl,
  store,
  sysctlPatterns,
  UsageError,
} from "./flag_values.ts";
import { NODE_FLAGS, nodeFlags, type NodeFlagValues } from "./node_flags.ts";
import type { LogFormat } from "./log.ts";
import type { Role } from "./installation.ts";

export { etcdEndpoints, UsageError } from "./flag_values.ts";

export const COMMANDS = {
  up: "bring up a cluster on this host, with an example service",
  down: "stop it and take containers, links, rules and programs away",
  master: "run the API server, scheduler and controllers in the foreground",
  agent: "run this node's agent and data path in the foreground",
  hollow: "run --nodes agents without an engine against a master, to see how it bears them",
  token: "make a token by which one more host joins, and print how",
  snapshot: "copy the store into --file while it serves: a master can start with the copy",
  export: "write everything that is stored to --file, as text",
  import: "fill an empty store from --file",
  install: "lay this program on the host as services, with the other flags as their settings",
  uninstall: "take services, pods, links, rules and programs away; the data stays",
  version: "print the version",
  help: "print this text",
} as const;

export type Command = keyof typeof COMMANDS;

/** Every setting of every process, with its unit in its name. Ports are TCP; ranges are inclusive. */
export interface Settings {
  readonly dataDir: string;
  readonly clusterName: string;
  readonly bindAddress: string;
  readonly advertiseAddress: string;
  readonly apiPort: number;
  readonly agentPort: number;
  readonly serviceCidr: string;
  readonly clusterCidr: string;
  readonly nodePortRange: { readonly first: number; readonly last: number };
  /** Ranges of addresses with commas between, or "". */
  readonly loadBalancerPool?: string;
  readonly nodeName: string;
  readonly backend: "auto" | "ebpf" | "nftables" | "iptables";
  readonly overlay: "vxlan" | "routes";
  readonly dockerHost: string;
  readonly storage: Storage;
  readonly audit: AuditFiles;
  readonly pods: PodRules;
  /** Path of the scheduler's policy, "" for the usual rules; absent in an older record. */
  readonly schedulerPolicy?: string;
  /** Requests that the API server answers at the same time, watches aside; absent in an older record. */
  readonly inFlight?: { readonly readOnly: number; readonly mutating: number };
  readonly loggingFormat: LogFormat;
  /** Flags of the agent as they were given; absent in the record of an older cluster. */
  readonly node?: Partial<NodeFlagValues>;
  readonly example: boolean;
  readonly purge: boolean;
  readonly join: JoinSettings;
  /** How long a token that is made now is good; 0 for ever. */
  readonly tokenLifeMs: number;
  readonly installation: InstallationSettings;
  /** Hollow ones. */
  readonly hollowNodes: number;
  readonly firstHollowNode: number;
  /** What snapshot and export write, and import reads; "" where none is said. */
  readonly file: string;
}

/** The cluster of other hosts that an agent works for; each is "" where it was not given. */
export interface JoinSettings {
  /** URL of the API; "": the agent belongs to the master of this host. */
  readonly server: string;
  /** `ID.SECRET`, needed the first time. */
  readonly token: string;
  /** `sha256:` and the hash of the authority's public key, in hex. */
  readonly caHash: string;
}

/** What `install` and `uninstall` work on. */
export interface InstallationSettings {
  readonly roles: readonly Role[];
  /** A folder that stands for the host's root, "" for the host itself. */
  readonly root: string;
  /** Tells, and changes nothing. */
  readonly isDryRun: boolean;
}

/** Where objects are kept. */
export interface Storage {
  /** An absolute path, `etcd:URL,URL`, or "" for the file in the data directory. */
  readonly store: string;
  /** Files in PEM, or "". */
  readonly etcdCaFile: string;
  readonly etcdCertFile: string;
  readonly etcdKeyFile: string;
  /** Of keys for Secrets, or "". */
  readonly encryptionKeyFile: string;
}

/** Who did what is written down here; paths, or "" for not at all and for the usual rules. */
export interface AuditFiles {
  readonly log: string;
  readonly policy: string;
}

/** What pods may do on this node. */
export interface PodRules {
  /** Names, or beginnings of names with a star behind. */
  readonly allowedUnsafeSysctls: readonly string[];
  /** Processes and threads of a container; 0 for no limit. */
  readonly pidsMax: number;
}

/** What the settings take from the host where no flag says otherwise. */
export interface HostDefaults {
  readonly hostname: string;
  /** The address that others reach this host by. */
  readonly address: string;
  readonly dockerHost: string | undefined;
}

interface Flag {
  readonly type: "string" | "boolean";
  /** Shown by `help`; undefined where the host decides. */
  readonly default?: string;
  readonly help: string;
}

/** The one list of flags: parsing, defaults and `help` follow it; README.md and docs/nodes.md name each. */
export const FLAGS = {
  "data-dir": { type: "string", default: "/var/lib/wherry", help: "state, certificates and logs" },
  "cluster-name": {
    type: "string",
    default: "wherry",
    help: "names links, rules, pins and labels: several clusters can share a host",
  },
  "bind-address": { type: "string", default: "0.0.0.0", help: "where API and agent listen" },
  "advertise-address": {
    type: "string",
    help: "address of this node (default: of the default route)",
  },
  "api-port": { type: "string", default: "6443", help: "port of the API" },
  "agent-port": { type: "string", default: "10250", help: "port of the agent" },
  "service-cidr": { type: "string", default: "10.96.0.0/16", help: "virtual IPs of services" },
  "cluster-cidr": { type: "string", default: "10.244.0.0/16", help: "addresses of pods" },
  "node-port-range": { type: "string", default: "30000-32767", help: "ports of NodePort services" },
  "load-balancer-pool": {
    type: "string",
    help: "addresses of LoadBalancer services, such as 192.0.2.10-192.0.2.20 or 192.0.2.64/27",
  },
  "node-name": { type: "string", help: "name of this node (default: the hostname)" },
  "backend": {
    type: "string",
    default: "auto",
    help: "data path: auto, ebpf, nftables or iptables",
  },
  "overlay": {
    type: "string",
    default: "vxlan",
    help: "way to other nodes' pods: vxlan, or routes where all nodes share a link",
  },
  "docker-host": {
    type: "string",
    help: "container engine (default: DOCKER_HOST, else unix:///var/run/docker.sock)",
  },
  "server": { type: "string", help: "agent: API of the cluster to join, https://HOST:6443" },
  "join": { type: "string", help: "agent: another name of --server" },
  "token": { type: "string", help: "agent: what `token` printed; needed the first time" },
  "ca-hash": { type: "string", help: "agent: by which the server is known, sha256:HEX" },
  "ttl": { type: "string", default: "24h", help: "token: how long it is good, 0 for ever" },
  "store": {
    type: "string",
    help: "a file, or etcd:URL,URL to share it with other masters (default: store.db in data-dir)",
  },
  "etcd-cafile": { type: "string", help: "certificate authority of etcd, in PEM" },
  "etcd-certfile": { type: "string", help: "certificate for etcd, in PEM" },
  "etcd-keyfile": { type: "string", help: "its private key, in PEM" },
  "encryption-key-file": {
    type: "string",
    help: "lines of name and base64 key: secrets are stored encrypted with the first",
  },
  "audit-log-path": { type: "string", help: "writes down who did what, a line of JSON for each" },
  "audit-policy-file": {
    type: "string",
    help: "what of it, as audit.k8s.io/v1 Policy (default: writes, without bodies)",
  },
  "max-requests-inflight": {
    type: "string",
    default: "400",
    help: "reads that the API server answers at the same time, watches aside",
  },
  "max-mutating-requests-inflight": {
    type: "string",
    default: "200",
    help: "the same for writes",
  },
  "policy-config-file": {
    type: "string",
    help: "master: predicates and priorities of the scheduler, as a Policy in JSON",
  },
  "allowed-unsafe-sysctls": {
    type: "string",
    help: "kernel settings that pods may change besides the safe ones, such as kernel.msg*,net.*",
  },
  "pod-max-pids": {
    type: "string",
    default: "16384",
    help: "processes and threads of a container, 0 for no limit",
  },
  "logging-format": {
    type: "string",
    default: "text",
    help: "of the lines on stderr: text or json",
  },
  "nodes": { type: "string", default: "100", help: "how many nodes hollow stands for" },
  "first-node": {
    type: "string",
    default: "0",
    help: "hollow: number of the first, where several processes stand for one cluster",
  },
  "file": { type: "string", help: "what snapshot and export write, and import reads" },
  "role": {
    type: "string",
    default: "master,agent",
    help: "install: which services: master, agent or both",
  },
  "root": { type: "string", help: "install, uninstall: a folder instead of this host's root" },
  "dry-run": { type: "boolean", help: "install, uninstall: tell what would be done" },
  ...NODE_FLAGS,
  "no-example": { type: "boolean", help: "up: do not apply examples/web.yaml" },
  "purge": { type: "boolean", help: "down, uninstall: delete the data directory as well" },
  "help": { type: "boolean", help: "print this text" },
} as const satisfies Record<string, Flag>;

export const DEFAULT_DOCKER_HOST = "unix:///var/run/docker.sock";

/**
 * @returns beside the settings, the flags that were given, as they can be given again
 * @throws {UsageError} on an unknown command or flag, or a value that cannot be
 */
export function parseCommand(
  args: readonly string[],
  host: HostDefaults,
): { command: Command; settings: Settings; given: readonly string[] } {
  const { values, positionals } = parseFlags(args);
  const [command = "help", ...more] = positionals;
  if (!Object.hasOwn(COMMANDS, command)) {
    const known = Object.keys(COMMANDS).join(", ");
    throw new UsageError(`Unknown command "${command}": it is one of ${known}`);
  }
  if (more.length > 0) throw new UsageError(`Unexpected argument "${more[0]}" after ${command}`);
  const settings = settingsOf(values, host);
  const given = Object.entries(values).map(([name, value]) =>
    value === true ? `--${name}` : `--${name}=${value}`
  );
  return { command: values.help === true ? "help" : command as Command, settings, given };
}

type Values = { [name in keyof typeof FLAGS]?: string | boolean };

function parseFlags(args: readonly string[]): { values: Values; positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries(FLAGS).map(([name, { type }]) => [name, { type }]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const [sentence] = (error as Error).message.split(". ");
    throw new UsageError(`${sentence}: see help`);
  }
}

function settingsOf(values: Values, host: HostDefaults): Settings {
  const text = (name: keyof typeof FLAGS): string => {
    const flag: Flag = FLAGS[name];
    return String(values[name] ?? flag.default ?? "");
  };
  return {
    dataDir: absolutePath("data-dir", text("data-dir")),
    clusterName: clusterName(text("cluster-name")),
    bindAddress: ipv4("bind-address", text("bind-address")),
    advertiseAddress: ipv4("advertise-address", text("advertise-address") || host.address),
    apiPort: port("api-port", text("api-port")),
    agentPort: port("agent-port", text("agent-port"), 0),
    serviceCidr: cidr("service-cidr", text("service-cidr")),
    clusterCidr: cidr("cluster-cidr", text("cluster-cidr")),
    nodePortRange: portRange("node-port-range", text("node-port-range")),
    loadBalancerPool: addressPool("load-balancer-pool", text("load-balancer-pool")),
    nodeName: nodeName(text("node-name") || host.hostname.toLowerCase()),
    backend: backend(text("backend")),
    overlay: overlay(text("overlay")),
    dockerHost: dockerHost(text("docker-host") || host.dockerHost || DEFAULT_DOCKER_HOST),
    storage: {
      store: store(text("store")),
      etcdCaFile: optionalPath("etcd-cafile", text("etcd-cafile")),
      etcdCertFile: optionalPath("etcd-certfile", text("etcd-certfile")),
      etcdKeyFile: optionalPath("etcd-keyfile", text("etcd-keyfile")),
      encryptionKeyFile: optionalPath("encryption-key-file", text("encryption-key-file")),
    },
    audit: {
      log: optionalPath("audit-log-path", text("audit-log-path")),
      policy: optionalPath("audit-policy-file", text("audit-policy-file")),
    },
    pods: {
      allowedUnsafeSysctls: sysctlPatterns(text("allowed-unsafe-sysctls")),
      pidsMax: count("pod-max-pids", text("pod-max-pids")),
    },
    schedulerPolicy: optionalPath("policy-config-file", text("policy-config-file")),
    inFlight: {
      readOnly: positive("max-requests-inflight", text("max-requests-inflight")),
      mutating: positive("max-mutating-requests-inflight", text("max-mutating-requests-inflight")),
    },
    loggingFormat: loggingFormat(text("logging-format")),
    join: {
      server: serverUrl(text("server") || text("join")),
      token: bootstrapToken(text("token")),
      caHash: caHash(text("ca-hash")),
    },
    tokenLifeMs: durationMs("ttl", text("ttl")),
    installation: {
      roles: roles(text("role")),
      root: optionalPath("root", text("root")),
      isDryRun: values["dry-run"] === true,
    },
    node: nodeFlags(text),
    hollowNodes: count("nodes", text("nodes")),
    firstHollowNode: count("first-node", text("first-node")),
    file: optionalPath("file", text("file")),
    example: values["no-example"] !== true,
    purge: values.purge === true,
  };
}

/** Longer names have their help below. */
const FLAG_WIDTH = 18;
const HELP_BELOW = `\n${" ".repeat(FLAG_WIDTH + 5)}`;

export function helpText(): string {
  const commands = Object.entries(COMMANDS).map(([name, help]) => `  ${name.padEnd(10)}${help}`);
  const flags = Object.entries(FLAGS as Record<string, Flag>).map(([name, flag]) => {
    const value = flag.default ? ` (default: ${flag.default})` : "";
    const gap = name.length > FLAG_WIDTH ? HELP_BELOW : " ".repeat(FLAG_WIDTH + 1 - name.length);
    return `  --${name}${gap}${flag.help}${value}`;
  });
  return ["Usage: wherry COMMAND [FLAGS]", "", ...commands, "", ...flags].join("\n");
}
