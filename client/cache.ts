import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";

/** Read side of a component: what its watches have delivered so far. Objects are read-only. */
export interface Cache {
  /** Every write of this resource up to this revision has been delivered. */
  revisionOf(resource: Resource<KubeObject>): number;
  get<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string,
    name: string,
  ): Readonly<T> | undefined;
  /** In namespace, name order, so that equal worlds give equal plans. */
  list<T extends KubeObject>(resource: Resource<T>, namespace?: string): readonly Readonly<T>[];
}

/** What a component wants written. The only thing that a plan may return. */
export type Write =
  | { verb: "create"; object: KubeObject }
  | { verb: "update" | "updateStatus"; object: KubeObject }
  | { verb: "delete"; object: KubeObject };
