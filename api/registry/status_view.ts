import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { MessageSchema } from "../types/schema.ts";
import type { FieldError } from "../types/status.ts";
import type { ViewSubresource } from "./kind.ts";

type WithStatus = KubeObject & { status?: unknown };

/** The `status` subresource: the whole object is shown, and its status alone is written. */
export function statusView<T extends WithStatus>(
  resource: Resource<T>,
  schema: MessageSchema,
  validate: (object: T, old: T) => FieldError[] = () => [],
): ViewSubresource<T> {
  return {
    does: "view",
    resource: resource as Resource<KubeObject>,
    schema,
    read: (object) => object,
    write: (object, view) => withStatus(object, (view as T).status),
    validate,
  };
}

function withStatus<T extends WithStatus>(object: T, status: T["status"]): T {
  if (status !== undefined) return { ...object, status };
  const { status: _, ...rest } = object;
  return rest as T;
}
