import { durationMs, EVICTION_HARD_DEFAULT, thresholdsOf } from "../agent/eviction/thresholds.ts";
import { SANDBOX_POOL_MAX } from "../agent/sandbox_pool.ts";
import { UsageError } from "./flag_values.ts";
import { parseQuantity } from "../api/types/quantity.ts";

/** Flags of the agent alone, with the kubelet's names, meanings and defaults. */
export const NODE_FLAGS = {
  "kube-reserved": { type: "string", default: "", help: "kept from pods: cpu=100m,memory=256Mi" },
  "system-reserved": { type: "string", default: "", help: "the same, for the host's own services" },
  "max-pods": { type: "string", default: "110", help: "pods that the node runs at the most" },
  "node-labels": { type: "string", default: "", help: "of the node: zone=a,disk=ssd" },
  "register-with-taints": {
    type: "string",
    default: "",
    help: "of a new node: key=value:NoSchedule,…",
  },
  "pod-manifest-path": {
    type: "string",
    default: "",
    help: "folder of manifests: this node runs these pods with the API or without it",
  },
  "eviction-hard": {
    type: "string",
    default: EVICTION_HARD_DEFAULT,
    help: "below this the node gives up pods at once",
  },
  "eviction-soft": {
    type: "string",
    default: "",
    help: "below this it does so after the grace period",
  },
  "eviction-soft-grace-period": {
    type: "string",
    default: "",
    help: "for each soft threshold: memory.available=1m30s",
  },
  "eviction-minimum-reclaim": {
    type: "string",
    default: "",
    help: "what must be freed beyond a threshold: memory.available=100Mi",
  },
  "eviction-max-pod-grace-period": {
    type: "string",
    default: "0",
    help: "seconds that a pod has at a soft threshold",
  },
  "eviction-pressure-transition-period": {
    type: "string",
    default: "5m",
    help: "how long a pressure is reported after it has gone",
  },
  "image-gc-high-threshold": {
    type: "string",
    default: "85",
    help: "percent of the disk above which unused images go",
  },
  "image-gc-low-threshold": {
    type: "string",
    default: "80",
    help: "percent of the disk down to which they go",
  },
  "minimum-image-ttl-duration": {
    type: "string",
    default: "2m",
    help: "how long an image stays at least",
  },
  "minimum-container-ttl-duration": {
    type: "string",
    default: "1m",
    help: "how long a container that has ended stays at least",
  },
  "maximum-dead-containers-per-container": {
    type: "string",
    default: "1",
    help: "ended ones that stay of each container, besides its newest",
  },
  "maximum-dead-containers": {
    type: "string",
    default: "-1",
    help: "ended ones that stay on the node; -1: as many as its pods have",
  },
  "sandbox-pool": {
    type: "string",
    default: "auto",
    help: "sandboxes made ahead of pods; auto: one for each core, 2 to 8; 0: none",
  },
  "shutdown-grace-period": {
    type: "string",
    default: "0s",
    help: "on SIGTERM the agent ends its pods within this time; 0s: they run on",
  },
  "shutdown-grace-period-critical-pods": {
    type: "string",
    default: "0s",
    help: "the last part of it, for critical pods",
  },
} as const;

export type NodeFlag = keyof typeof NODE_FLAGS;
/** As they were given: other processes get them handed on. */
export type NodeFlagValues = Readonly<Record<NodeFlag, string>>;

/** What an old record of a cluster does not say is as it is by default. */
function withNodeDefaults(values: Partial<NodeFlagValues> = {}): NodeFlagValues {
  const entries = Object.entries(NODE_FLAGS).map(([name, flag]) => [
    name,
    values[name as NodeFlag] ?? flag.default,
  ]);
  return Object.fromEntries(entries) as NodeFlagValues;
}

/** @returns flags that say what is not the default */
export function asNodeFlags(values: Partial<NodeFlagValues> = {}): string[] {
  return Object.entries(withNodeDefaults(values))
    .filter(([name, value]) => value !== NODE_FLAGS[name as NodeFlag].default)
    .map(([name, value]) => `--${name}=${value}`);
}

/** @throws {UsageError} */
export function nodeFlags(text: (name: NodeFlag) => string): NodeFlagValues {
  const names = Object.keys(NODE_FLAGS) as NodeFlag[];
  const values = Object.fromEntries(names.map((name) => [name, text(name)])) as NodeFlagValues;
  try {
    nodeSettingsOf(values);
    return values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

type Effect = "NoSchedule" | "PreferNoSchedule" | "NoExecute";

/** Read and checked. */
export type NodeSettings = ReturnType<typeof nodeSettingsOf>;

/** @throws {RangeError} that names the flag and says what would be right */
export function nodeSettingsOf(given: Partial<NodeFlagValues> | undefined) {
  const values = withNodeDefaults(given);
  const thresholds = thresholdsOf({
    hard: values["eviction-hard"],
    soft: values["eviction-soft"],
    softGracePeriod: values["eviction-soft-grace-period"],
    minimumReclaim: values["eviction-minimum-reclaim"],
  });
  const duration = (flag: NodeFlag) => named(flag, () => durationMs(values[flag]));
  const shutdown = {
    graceMs: duration("shutdown-grace-period"),
    criticalGraceMs: duration("shutdown-grace-period-critical-pods"),
  };
  if (shutdown.criticalGraceMs > shutdown.graceMs) {
    throw new RangeError(
      "--shutdown-grace-period-critical-pods: must not be longer than --shutdown-grace-period",
    );
  }
  const imageGc = {
    highPercent: whole("image-gc-high-threshold", values["image-gc-high-threshold"], 100),
    lowPercent: whole("image-gc-low-threshold", values["image-gc-low-threshold"], 100),
    minAgeMs: duration("minimum-image-ttl-duration"),
  };
  if (imageGc.lowPercent >= imageGc.highPercent) {
    throw new RangeError("--image-gc-low-threshold: must be below --image-gc-high-threshold");
  }
  return {
    reserved: [
      amounts("kube-reserved", values["kube-reserved"]),
      amounts("system-reserved", values["system-reserved"]),
    ],
    podsMax: whole("max-pods", values["max-pods"], 110),
    labels: labels(values["node-labels"]),
    taints: taints(values["register-with-taints"]),
    manifestPath: folder(values["pod-manifest-path"]),
    eviction: {
      thresholds,
      transitionMs: duration("eviction-pressure-transition-period"),
      maxGraceSeconds: whole(
        "eviction-max-pod-grace-period",
        values["eviction-max-pod-grace-period"],
        86_400,
      ),
    },
    imageGc,
    garbage: {
      minAgeMs: duration("minimum-container-ttl-duration"),
      perContainerMax: deadMax("maximum-dead-containers-per-container", values),
      max: deadMax("maximum-dead-containers", values),
    },
    sandboxPool: values["sandbox-pool"] === "auto"
      ? "auto" as const
      : whole("sandbox-pool", values["sandbox-pool"], SANDBOX_POOL_MAX),
    shutdown,
  };
}

function refuse(flag: NodeFlag, value: string, rule: string): never {
  throw new RangeError(`--${flag} ${JSON.stringify(value)}: ${rule}`);
}

function named<T>(flag: NodeFlag, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new RangeError(`--${flag} ${(error as Error).message}`);
  }
}

function whole(flag: NodeFlag, value: string, max: number): number {
  if (/^\d+$/.test(value) && Number(value) <= max) return Number(value);
  return refuse(flag, value, `must be a whole number from 0 to ${max}`);
}

const DEAD_MAX = 10_000;

function deadMax(flag: NodeFlag, values: NodeFlagValues): number {
  return values[flag] === "-1" ? Infinity : whole(flag, values[flag], DEAD_MAX);
}

function folder(value: string): string {
  if (value === "" || value.startsWith("/")) return value;
  return refuse("pod-manifest-path", value, "must be an absolute path");
}

function pairs(flag: NodeFlag, text: string): [string, string][] {
  return text.split(",").filter((one) => one !== "").map((one) => {
    const [name = "", value] = one.split("=");
    if (name !== "" && value !== undefined) return [name, value];
    return refuse(flag, one, "must be NAME=VALUE");
  });
}

const RESERVED = ["cpu", "memory", "ephemeral-storage"];

function amounts(flag: NodeFlag, text: string): Readonly<Record<string, string>> {
  for (const [name, value] of pairs(flag, text)) {
    if (!RESERVED.includes(name)) refuse(flag, name, `must be one of ${RESERVED.join(", ")}`);
    if (parseQuantity(value) === undefined) refuse(flag, value, "must be an amount such as 100m");
  }
  return Object.fromEntries(pairs(flag, text));
}

function labels(text: string): Readonly<Record<string, string>> {
  for (const [name, value] of pairs("node-labels", text)) {
    const isKey = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
    if (!isKey.test(name)) refuse("node-labels", name, "must be the key of a label");
    const isValue = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;
    if (!isValue.test(value)) refuse("node-labels", value, "must be the value of a label");
  }
  return Object.fromEntries(pairs("node-labels", text));
}

function taints(text: string) {
  return text.split(",").filter((one) => one !== "").map((one) => {
    const [, key = "", value, effect] =
      /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(one) ?? [];
    if (effect === undefined) {
      refuse("register-with-taints", one, "must be KEY=VALUE:EFFECT, with an effect of a taint");
    }
    return { key, effect: effect as Effect, ...(value ? { value } : {}) };
  });
}
