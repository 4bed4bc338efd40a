/** Messages that OpenAPI documents name and that no object holds. */
import { DeleteOptions, ListMeta, TYPE_META } from "../types/meta.ts";
import { int32, list, type MessageSchema, messagesOf, optional, string } from "../types/schema.ts";

const meta = messagesOf("io.k8s.apimachinery.pkg.apis.meta.v1");

const StatusCause = meta("StatusCause", {
  field: optional(3, string),
  message: optional(2, string),
  reason: optional(1, string),
});
const StatusDetails = meta("StatusDetails", {
  causes: optional(4, list(StatusCause)),
  group: optional(2, string),
  kind: optional(3, string),
  name: optional(1, string),
  retryAfterSeconds: optional(5, int32),
  uid: optional(6, string),
});
export const Status = meta("Status", {
  ...TYPE_META,
  code: optional(6, int32),
  details: optional(5, StatusDetails, "What the answer is about, and every cause of a refusal."),
  message: optional(3, string),
  metadata: optional(1, ListMeta),
  reason: optional(4, string),
  status: optional(2, string, "Success or Failure."),
});
/** A patch has the form of its media type. */
export const Patch = meta("Patch", {});

/** The body of a deletion says its kind, or does not. */
export const Deletion: MessageSchema = {
  ...DeleteOptions,
  fields: { ...TYPE_META, ...DeleteOptions.fields },
};
