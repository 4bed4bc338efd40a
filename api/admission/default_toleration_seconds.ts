import type { Pod, Toleration } from "../types/core_v1.ts";
import type { Admission } from "./admission.ts";

/** How long pods stay on a node that does not answer. Source: kube-apiserver, --default-not-ready-toleration-seconds. */
const SECONDS = 300;

const NOT_READY = "node.kubernetes.io/not-ready";
const UNREACHABLE = "node.kubernetes.io/unreachable";

const toleration = (key: string): Toleration =>
  Object.freeze({ effect: "NoExecute", key, operator: "Exists", tolerationSeconds: SECONDS });

const BOTH = [toleration(NOT_READY), toleration(UNREACHABLE)];

/** Pods that say nothing of it tolerate a sick node for a while. */
export const defaultTolerationSeconds: Admission = ({ operation, kind, object }) => {
  if (operation !== "CREATE" || kind.resource.kind !== "Pod") return;
  const pod = object as Pod;
  const { tolerations = [] } = pod.spec;
  const missing = tolerations.length === 0
    ? BOTH
    : BOTH.filter(({ key }) => !tolerations.some((one) => tolerates(one, key ?? "")));
  if (missing.length === 0) return;
  return { ...pod, spec: { ...pod.spec, tolerations: tolerations.concat(missing) } } as Pod;
};

function tolerates({ key = "", effect = "NoExecute" }: Toleration, taint: string): boolean {
  return (key === taint || key === "") && effect === "NoExecute";
}
