import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";
import type { ListOptions, PropagationPolicy } from "./api.ts";

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
  /** Those of a namespace whose label has the value, in name order, without a look at the others. */
  labelled<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string,
    label: string,
    value: string,
  ): readonly Readonly<T>[];
  /** The same of those whose controller has this uid; "": of those that have none. */
  controlledBy<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string,
    uid: string,
  ): readonly Readonly<T>[];
}

/** What a component wants written. The only thing that a plan may return. */
export type Write =
  | { verb: "create"; object: KubeObject }
  | { verb: "update" | "updateStatus" | "finalize"; object: KubeObject }
  /** Only this very object, by its uid. */
  | {
    verb: "delete";
    object: KubeObject;
    gracePeriodSeconds?: number;
    /** As DeleteOptions has it. */
    nodeLease?: string;
    /** Absent: as the kind has it, which for jobs is to let their pods go free. */
    propagationPolicy?: PropagationPolicy;
  }
  | { verb: "deleteCollection"; resource: Resource<KubeObject>; namespace: string };

/** A cache that tells when something changed; what the informers are. */
export interface WatchedCache extends Cache {
  /** Starts to follow a resource. Asking again with the same filter changes nothing. */
  watch(resource: Resource<KubeObject>, filter?: ListOptions): void;
  isWatching(resource: Resource<KubeObject>): boolean;
  /** True when every object of the resource is followed, and all of each. */
  isWatchingAll(resource: Resource<KubeObject>): boolean;
  /**
   * Calls `listener` after the cache has changed: `before` is undefined for a new object, `after` for one that
   * is gone. Objects that are there already are delivered first. @returns a function that ends it
   */
  onChange<T extends KubeObject>(
    resource: Resource<T>,
    listener: (before: Readonly<T> | undefined, after: Readonly<T> | undefined) => void,
  ): () => void;
  /** Resolves once every watched resource has been listed at least once. */
  synced(): Promise<void>;
}
