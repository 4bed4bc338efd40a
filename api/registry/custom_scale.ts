import type { CustomResourceSubresourceScale } from "../types/apiextensions_v1.ts";
import { Scale, SCALES } from "../types/autoscaling_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import { validateNonNegative } from "./field_rules.ts";
import type { ViewSubresource } from "./kind.ts";
import { parseJsonPath, setAt } from "./structural/json_path.ts";

/** The `scale` subresource of a custom kind: counts and selector stand where the definition says. */
export function customScale(
  { specReplicasPath, statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale,
  validate: (object: KubeObject, old: KubeObject) => FieldError[],
): ViewSubresource<KubeObject> {
  const wanted = parseJsonPath(specReplicasPath);
  const present = parseJsonPath(statusReplicasPath);
  const selector = parseJsonPath(labelSelectorPath ?? "");
  const numberAt = (object: KubeObject, path: typeof wanted) => {
    const [found] = path?.find(object) ?? [];
    return typeof found === "number" ? found : 0;
  };
  return {
    does: "view",
    resource: SCALES as Resource<KubeObject>,
    schema: Scale,
    read: (object): Scale => ({
      apiVersion: SCALES.apiVersion,
      kind: SCALES.kind,
      metadata: identityOf(object),
      spec: { replicas: numberAt(object, wanted) },
      status: {
        replicas: numberAt(object, present),
        ...(labelSelectorPath && { selector: textOf(selector?.find(object)[0]) }),
      },
    }),
    write: (object, view) => {
      const { spec = {} } = view as Scale;
      return setAt(object, wanted?.names ?? [], spec.replicas ?? 0) as KubeObject;
    },
    validate: (object, old) => [
      ...validateNonNegative("spec.replicas", numberAt(object, wanted)),
      ...validate(object, old),
    ],
  };
}

const textOf = (value: unknown) => typeof value === "string" ? value : "";

function identityOf({ metadata }: KubeObject): KubeObject["metadata"] {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const known = Object.entries({ namespace, uid, resourceVersion, creationTimestamp });
  return { name, ...Object.fromEntries(known.filter(([, value]) => value !== undefined)) };
}
