import type { TokenRequest } from "../api/types/authentication_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";

export interface ListOptions {
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Of a list: so many objects at the most, if the server sees fit; absent: all. */
  limit?: number;
  /** The page behind the one that said this. */
  continue?: string;
  /** Of the objects their metadata alone is wanted; the rest may be there or not. */
  onlyMetadata?: true;
}

export interface WatchOptions extends ListOptions {
  resourceVersion: string;
  /** The server ends the watch after this time. */
  timeoutSeconds?: number;
}

export interface List<T> {
  items: T[];
  resourceVersion: string;
  /** There is more: asking with this brings it. */
  continue?: string;
}

export type WatchEvent<T> =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: T }
  /** Nothing changed up to this object's resourceVersion. */
  | { type: "BOOKMARK"; object: T };

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  /** The object must still be this one. */
  uid?: string;
  /** And this version of it. */
  resourceVersion?: string;
  /**
   * Of a pod: resourceVersion of its node's lease, NO_LEASE where there is none. The node must not have been heard of
   * since.
   */
  nodeLease?: string;
  /** What becomes of those that name it as their owner; as the kind has it where absent. */
  propagationPolicy?: PropagationPolicy;
}

export type PropagationPolicy = "Background" | "Foreground" | "Orphan";

export type PatchType = "merge" | "strategic" | "json";

/**
 * How every component reaches the apiserver. Implementations: HttpApi (over `fetch`, which is the network or
 * the apiserver's own handler in the same process). Every method throws StatusError as the server answered,
 * or ServiceUnavailable when no answer came.
 */
export interface Api {
  get<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<List<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  update<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  patch<T extends KubeObject>(
    resource: Resource<T>,
    target: { namespace: string; name: string; subresource?: string },
    type: PatchType,
    patch: unknown,
  ): Promise<T>;
  delete<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string,
    name: string,
    options?: DeleteOptions,
  ): Promise<void>;
  /** Deletes what a list with the same options would show, each object as `delete` does. */
  deleteCollection<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions & DeleteOptions,
  ): Promise<void>;
  /** @throws {StatusError} Conflict when the pod has a node already */
  bind(namespace: string, podName: string, podUid: string, nodeName: string): Promise<void>;
  /** Asks for a token of a service account. @returns the request with its status */
  requestToken(namespace: string, account: string, request: TokenRequest): Promise<TokenRequest>;
  /** Replaces a subresource such as `finalize` of a namespace. */
  replace<T extends KubeObject>(resource: Resource<T>, object: T, subresource: string): Promise<T>;
  /**
   * Events after `resourceVersion`, until `signal` aborts or the server ends the watch.
   * @throws {StatusError} Expired: list again
   */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
}
