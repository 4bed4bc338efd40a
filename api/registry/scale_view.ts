import { Scale, SCALES } from "../types/autoscaling_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import { validateNonNegative } from "./field_rules.ts";
import type { ViewSubresource } from "./kind.ts";

type Scalable = KubeObject & {
  spec: { replicas?: number };
  status?: { replicas?: number };
};

/**
 * The `scale` subresource of a workload: how many pods it wants and has.
 * @param selectorOf the label selector of its pods, as text
 */
export function scaleView<T extends Scalable>(
  selectorOf: (object: T) => string,
): ViewSubresource<T> {
  return {
    does: "view",
    resource: SCALES as Resource<KubeObject>,
    schema: Scale,
    read: (object) => toScale(object, selectorOf(object)),
    write: (object, view) => {
      return { ...object, spec: { ...object.spec, replicas: (view as Scale).spec.replicas ?? 0 } };
    },
    validate: ({ spec }) => validateNonNegative("spec.replicas", spec.replicas),
  };
}

function toScale({ metadata, spec, status }: Scalable, selector: string): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const known = Object.entries({ namespace, uid, resourceVersion, creationTimestamp });
  return {
    apiVersion: SCALES.apiVersion,
    kind: SCALES.kind,
    metadata: { name, ...Object.fromEntries(known.filter(([, value]) => value !== undefined)) },
    spec: { replicas: spec.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, selector },
  };
}
