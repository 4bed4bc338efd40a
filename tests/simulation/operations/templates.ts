/** Pods as the objects of the simulation make them. */
import type { PodTemplateSpec, Toleration } from "../../../api/types/core_v1.ts";

/** Pods leave a lost node soon, and end soon, so that little time has to pass. */
const TOLERATED_SECONDS = 5;
/** Of a core: what a pod asks for, by which autoscalers measure it. */
export const ASKED_MILLI = 50;

export interface TemplateOptions {
  readonly labels: Record<string, string>;
  /** Of a core; `ASKED_MILLI` where it is left out. */
  readonly milliCpu?: number;
  readonly priorityClassName?: string;
  /** In place of a program that runs for ever. */
  readonly command?: string[];
  /** Claims of this name are mounted. */
  readonly claim?: string;
  /** It stays on a node that is lost, as what belongs to the node itself does. */
  readonly staysOnLostNodes?: boolean;
}

export function templateOf(options: TemplateOptions): PodTemplateSpec {
  const { labels, milliCpu = ASKED_MILLI, command, claim, priorityClassName } = options;
  const requests = { cpu: `${milliCpu}m`, memory: "16Mi" };
  return {
    metadata: { name: "", labels },
    spec: {
      containers: [{
        ...{ name: "main", image: "shop:1", ports: [{ containerPort: 80 }] },
        resources: { requests },
        ...(command === undefined ? {} : { command }),
        ...(claim === undefined ? {} : { volumeMounts: [{ name: claim, mountPath: "/data" }] }),
      }],
      ...(options.staysOnLostNodes ? {} : { tolerations: tolerated() }),
      ...(priorityClassName === undefined ? {} : { priorityClassName }),
      terminationGracePeriodSeconds: 2,
      automountServiceAccountToken: false,
    },
  };
}

function tolerated(): Toleration[] {
  return ["not-ready", "unreachable"].map((taint) => ({
    key: `node.kubernetes.io/${taint}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: TOLERATED_SECONDS,
  }));
}
