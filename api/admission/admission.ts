import type { KubeObject } from "../types/meta.ts";
import type { View } from "../../store/store.ts";
import type { User } from "../authentication/user.ts";
import type { AnyKind } from "../registry/kind.ts";

/** A write that is about to be decided. */
export interface Attempt {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly kind: AnyKind;
  /** "" for cluster-scoped kinds. */
  readonly namespace: string;
  /** What would be stored, or is deleted. */
  readonly object: KubeObject;
  /** What an update replaces. */
  readonly old?: KubeObject;
  /** Absent, or "", for the object itself. */
  readonly subresource?: string;
  /** Absent where the server itself writes. */
  readonly user?: User | undefined;
}

/**
 * A rule over writes of every kind, run inside the transaction that decides the write, in the order of the list.
 * @returns the object that is to be created in its place, or undefined; an update can only be refused
 * @throws {StatusError} to refuse
 */
export type Admission = (attempt: Attempt, view: Pick<View, "get" | "list">) => KubeObject | void;
