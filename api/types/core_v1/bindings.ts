import { always, type Infer, messagesOf, required } from "../schema.ts";
import { ObjectMeta, TYPE_META } from "../meta.ts";
import { ObjectReference } from "./references.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const Binding = message("Binding", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  target: required(2, ObjectReference),
});
export interface Binding extends Infer<typeof Binding> {}
