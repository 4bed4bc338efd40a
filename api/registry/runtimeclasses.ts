import { validateDns1123Label } from "../types/names.ts";
import { RUNTIME_CLASSES, RuntimeClass } from "../types/node_v1.ts";
import { text } from "./column_types.ts";
import { invalidFor, validateLabels } from "./field_rules.ts";
import { validateUnchanged } from "./immutable_fields.ts";
import type { ResourceKind } from "./kind.ts";
import { validateTolerations } from "./validate_tolerations.ts";

export const runtimeClasses: ResourceKind<RuntimeClass> = {
  resource: RUNTIME_CLASSES,
  schema: RuntimeClass,
  singular: "runtimeclass",
  hasStatus: false,
  createsOnUpdate: true,
  validate: ({ handler, scheduling }) => [
    ...(handler ? invalidFor("handler", handler, validateDns1123Label(handler)) : []),
    ...validateLabels("scheduling.nodeSelector", scheduling?.nodeSelector),
    ...validateTolerations("scheduling.tolerations", scheduling?.tolerations ?? []),
  ],
  validateUpdate: (next, old) => validateUnchanged("handler", next.handler, old.handler),
  columns: [text("Handler", "What the node calls the runtime.", ({ handler }) => handler)],
};
