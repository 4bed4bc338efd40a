import type { Container, Pod, PodSpec } from "../../api/types/core_v1.ts";

export const IMAGE = "busybox:1.35";

/** A pod that runs a script to its end, and what the script must print. */
export interface SettingCase {
  readonly name: string;
  readonly spec?: Partial<PodSpec>;
  readonly main?: Partial<Container>;
  readonly script: string;
  readonly prints: string | RegExp;
  /** Only a host that has every capability itself can give them away. */
  readonly needsAllCapabilities?: boolean;
}

/** Capabilities of the process as bits in hexadecimal. */
const CAPABILITIES = "grep CapEff /proc/self/status | cut -f2";
/** cgroup v1, then v2. */
const eitherCgroup = (v1: string, v2: string) =>
  `cat /sys/fs/cgroup/${v1} 2>/dev/null || cat /sys/fs/cgroup/${v2}`;

/** A profile that the node must have. */
export const NO_MKDIR = {
  name: "no-mkdir.json",
  profile: {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO" }],
  },
};

// deno-fmt-ignore
export const SETTINGS: readonly SettingCase[] = [
  { name: "cpu-quota",        main: { resources: { limits: { cpu: "250m", memory: "32Mi" } } },
    script: eitherCgroup("cpu/cpu.cfs_quota_us", "cpu.max"),                       prints: /^25000( 100000)?\n$/ },
  { name: "cpu-shares",       main: { resources: { requests: { cpu: "500m" } } },
    script: eitherCgroup("cpu/cpu.shares", "cpu.weight"),                          prints: /^(512|20)\n$/ },
  { name: "memory-limit",     main: { resources: { limits: { memory: "32Mi" } } },
    script: eitherCgroup("memory/memory.limit_in_bytes", "memory.max"),            prints: `${32 << 20}\n` },
  { name: "pids",             script: eitherCgroup("pids/pids.max", "pids.max"),   prints: "16384\n" },
  { name: "oom-best-effort",  script: "cat /proc/self/oom_score_adj",              prints: "1000\n" },
  { name: "oom-burstable",    main: { resources: { requests: { cpu: "1m" } } },
    script: "cat /proc/self/oom_score_adj",                                        prints: "999\n" },
  { name: "oom-guaranteed",   main: { resources: { limits: { cpu: "10m", memory: "16Mi" } } },
    script: "cat /proc/self/oom_score_adj",                                        prints: /^(-997|0)\n$/ },
  { name: "open-files",       script: "test $(ulimit -n) -le 1048576 && echo sane", prints: "sane\n" },

  { name: "user-of-pod",      spec: { securityContext: { runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [4000], fsGroup: 2000 } },
    script: "id -u; id -g; id -G",                                                 prints: "1000\n3000\n3000 2000 4000\n" },
  { name: "user-of-container", spec: { securityContext: { runAsUser: 1000 } }, main: { securityContext: { runAsUser: 7, runAsNonRoot: true } },
    script: "id -u; id -g",                                                        prints: "7\n0\n" },
  { name: "group-alone",      main: { securityContext: { runAsGroup: 3000 } },     script: "id -u; id -g", prints: "0\n3000\n" },
  { name: "drop-all",         main: { securityContext: { capabilities: { drop: ["ALL"] } } },
    script: CAPABILITIES,                                                          prints: "0000000000000000\n" },
  { name: "drop-all-add-one", main: { securityContext: { capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } } },
    script: CAPABILITIES,                                                          prints: "0000000000000400\n" },
  { name: "add-net-admin",    main: { securityContext: { capabilities: { add: ["NET_ADMIN"] } } },
    script: "ip link set lo mtu 1400 && cat /sys/class/net/lo/mtu",                prints: "1400\n" },
  { name: "no-net-admin",     script: "ip link set lo mtu 1400 2>&1 || true",      prints: /not permitted/ },
  { name: "privileged",       needsAllCapabilities: true, main: { securityContext: { privileged: true } },
    script: "grep -c ' /proc/sys ' /proc/mounts || true",                          prints: "0\n" },
  { name: "read-only-root",   main: { securityContext: { readOnlyRootFilesystem: true } },
    script: "touch /x 2>&1 || true",                                               prints: /Read-only file system/ },
  { name: "may-escalate",     script: "grep NoNewPrivs /proc/self/status | cut -f2", prints: "0\n" },
  { name: "no-escalation",    main: { securityContext: { allowPrivilegeEscalation: false } },
    script: "grep NoNewPrivs /proc/self/status | cut -f2",                         prints: "1\n" },
  { name: "seccomp-off",      spec: { securityContext: { seccompProfile: { type: "Unconfined" } } },
    script: "grep Seccomp: /proc/self/status | cut -f2",                           prints: "0\n" },
  { name: "seccomp-default",  spec: { securityContext: { seccompProfile: { type: "RuntimeDefault" } } },
    script: "grep Seccomp: /proc/self/status | cut -f2",                           prints: "2\n" },
  { name: "seccomp-of-node",  main: { securityContext: { seccompProfile: { type: "Localhost", localhostProfile: NO_MKDIR.name } } },
    script: "mkdir /tmp/x 2>&1 || true",                                           prints: /not permitted/ },
  { name: "proc-masked",      script: "wc -c < /proc/keys; grep -c ' /proc/sys ' /proc/mounts", prints: "0\n1\n" },
  { name: "proc-unmasked",    spec: { hostUsers: false }, main: { securityContext: { procMount: "Unmasked" } },
    script: "grep -c ' /proc/' /proc/mounts || true",                              prints: "0\n" },
  { name: "sysctl-safe",      spec: { securityContext: { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "99" }, { name: "net/ipv4/tcp_syncookies", value: "0" }] } },
    script: "cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/tcp_syncookies", prints: "99\n0\n" },

  { name: "host-network",     spec: { hostNetwork: true },
    script: "hostname; echo $HOSTNAME; head -1 /etc/hosts",
    prints: new RegExp(`^(${Deno.hostname()}\n){2}# Kubernetes-managed hosts file \\(host network\\)\\.\n$`) },
  { name: "host-pid",         spec: { hostPID: true },                             script: `test -d /proc/${Deno.pid} && echo seen`, prints: "seen\n" },
  { name: "own-pid",          script: "echo $$$$",                                 prints: "1\n" },
  { name: "host-ipc",         spec: { hostIPC: true },                             script: "readlink /proc/self/ns/ipc", prints: `${await Deno.readLink("/proc/self/ns/ipc")}\n` },
  { name: "shared-pids",      spec: { shareProcessNamespace: true },               script: "tr '\\0' '\\n' < /proc/1/cmdline", prints: /pause/ },
  { name: "hosts",            spec: { hostname: "front", subdomain: "shop", hostAliases: [{ ip: "192.0.2.7", hostnames: ["a.test", "b.test"] }] },
    script: "hostname; cat /etc/hosts",
    prints: /^front\n# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n[^]*\d\tfront\.shop\.default\.svc\.cluster\.local\tfront\n\n# Entries added by HostAliases\.\n192\.0\.2\.7\ta\.test\tb\.test\n$/ },
  { name: "fqdn",             spec: { subdomain: "shop", setHostnameAsFQDN: true }, script: "hostname; hostname -f; hostname -s", prints: /^(fqdn\.shop\.default\.svc\.cluster\.local\n){2}fqdn\n$/ },
  { name: "dns-none",         spec: { dnsPolicy: "None", dnsConfig: { nameservers: ["192.0.2.1", "192.0.2.2"], searches: ["x.test"], options: [{ name: "ndots", value: "1" }, { name: "edns0" }] } },
    script: "cat /etc/resolv.conf",                                                prints: "nameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch x.test\noptions ndots:1 edns0\n" },
  { name: "dns-added",        spec: { dnsPolicy: "Default", dnsConfig: { searches: ["last.test"] } },
    script: "grep ^search /etc/resolv.conf",                                       prints: /last\.test\n$/ },

  { name: "working-dir",      main: { workingDir: "/tmp" },                        script: "pwd", prints: "/tmp\n" },
  { name: "tty",              main: { tty: true },                                 script: "test -t 1 && echo terminal", prints: "terminal\r\n" },
  { name: "expansion",        main: { env: [{ name: "A", value: "a" }, { name: "B", value: "$(A)b" }, { name: "C", value: "$$(A) $(NONE)" }] },
    script: "echo '$(B)' '$$(B)' '$(NONE)'; echo \"$C\"",                          prints: "ab $(B) $(NONE)\n$(A) $(NONE)\n" },
  { name: "env-fields",       main: {
      resources: { limits: { cpu: "1500m", memory: "64Mi" }, requests: { cpu: "250m" } },
      env: [
        ...["metadata.name", "metadata.namespace", "spec.nodeName", "spec.serviceAccountName", "metadata.labels['tier']"].map((fieldPath, i) => ({ name: `F${i}`, valueFrom: { fieldRef: { fieldPath } } })),
        { name: "R0", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
        { name: "R1", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
        { name: "R2", valueFrom: { resourceFieldRef: { resource: "requests.cpu", divisor: "1m" } } },
      ] },
    script: "echo $F0 $F1 $F2 $F3 $F4 $R0 $R1 $R2",                                prints: "env-fields default e2e-node default front 2 64 250\n" },
  { name: "env-from",         main: {
      envFrom: [{ prefix: "P_", configMapRef: { name: "settings" } }, { secretRef: { name: "password" } }, { configMapRef: { name: "none", optional: true } }],
      env: [{ name: "MAYBE", valueFrom: { configMapKeyRef: { name: "none", key: "k", optional: true } } }] },
    script: "echo $P_level $password ${MAYBE-unset}; env | grep -c 1st || true",   prints: "info hunter2 unset\n1\n" },
  { name: "env-from-invalid", main: { envFrom: [{ configMapRef: { name: "settings" } }] },
    script: "echo $level; env | grep -c 1st || true",                              prints: "info\n0\n" },
  { name: "service-links",    script: "echo ${FRONT_SERVICE_PORT-none}; test -n $KUBERNETES_SERVICE_HOST && echo api", prints: "80\napi\n" },
  { name: "no-service-links", spec: { enableServiceLinks: false },
    script: "echo ${FRONT_SERVICE_PORT-none}; test -n $KUBERNETES_SERVICE_HOST && echo api", prints: "none\napi\n" },
  { name: "runtime-class",    spec: { runtimeClassName: "plain" },                 script: "echo ran", prints: "ran\n" },
];

/** A pod that the node refuses, or whose container can't be made; a word of the API that says so. */
export interface RefusalCase {
  readonly name: string;
  readonly spec?: Partial<PodSpec>;
  readonly main?: Partial<Container>;
  /** Reason of the pod's end or of the container's waiting, and its message. */
  readonly reason: string;
  readonly message: RegExp;
}

// deno-fmt-ignore
export const REFUSALS: readonly RefusalCase[] = [
  { name: "root-by-image",     main: { securityContext: { runAsNonRoot: true } },               reason: "CreateContainerConfigError", message: /^container has runAsNonRoot and image will run as root \(pod: "root-by-image_default\(.+\)", container: main\)$/ },
  { name: "root-by-spec",      spec: { securityContext: { runAsNonRoot: true, runAsUser: 0 } }, reason: "CreateContainerConfigError", message: /^container's runAsUser breaks non-root policy \(pod: / },
  { name: "no-config-map",     main: { envFrom: [{ configMapRef: { name: "none" } }] },         reason: "CreateContainerConfigError", message: /^configmap "none" not found$/ },
  { name: "no-key",            main: { env: [{ name: "K", valueFrom: { secretKeyRef: { name: "password", key: "none" } } }] }, reason: "CreateContainerConfigError", message: /^couldn't find key none in Secret default\/password$/ },
  { name: "no-profile",        main: { securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "none.json" } } }, reason: "CreateContainerConfigError", message: /^cannot load seccomp profile "none.json": no file / },
  { name: "unsafe-sysctl",     spec: { securityContext: { sysctls: [{ name: "kernel.msgmax", value: "65536" }] } },  reason: "SysctlForbidden", message: /^Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted$/ },
];

/** Pods without a sandbox: only their events say why. */
// deno-fmt-ignore
export const NO_SANDBOX: readonly RefusalCase[] = [
  { name: "unknown-runtime",   spec: { runtimeClassName: "unknown" },                            reason: "FailedCreatePodSandBox", message: /Unknown runtime specified/ },
  { name: "f".repeat(40),      spec: { subdomain: "long-name-of-a-service", setHostnameAsFQDN: true }, reason: "FailedCreatePodSandBox", message: /FQDN f+\.long.* is too long \(64 characters is the max, \d+ characters requested\)/ },
];

/** Events beside a pod that runs all the same. */
// deno-fmt-ignore
export const TOLD: readonly { readonly pod: string; readonly reason: string; readonly message: RegExp }[] = [
  { pod: "env-from-invalid", reason: "InvalidEnvironmentVariableNames", message: /^Keys \[1st\] from the EnvFrom configMap default\/settings were skipped since they are considered invalid environment variable names\.$/ },
];

export function podOf(
  one: Pick<SettingCase, "name" | "spec" | "main">,
  { suite, script }: { suite: string; script: string },
): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: one.name, labels: { tier: "front", suite } },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      ...one.spec,
      containers: [{ name: "main", image: IMAGE, command: ["sh", "-c", script], ...one.main }],
    },
  };
}
