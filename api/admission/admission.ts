import type { KubeObject } from "../types/meta.ts";
import type { View } from "../../store/store.ts";
import type { AnyKind } from "../registry/kind.ts";

/** A write that is about to be decided. */
export interface Attempt {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly kind: AnyKind;
  /** "" for cluster-scoped kinds. */
  readonly namespace: string;
  readonly object: KubeObject;
}

/**
 * A rule over writes of every kind, run inside the transaction that decides the write.
 * @throws {StatusError} to refuse
 */
export type Admission = (attempt: Attempt, view: Pick<View, "get">) => void;
