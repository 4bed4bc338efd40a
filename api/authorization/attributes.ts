/** What a call wants to do, in the words of Kubernetes's authorizers. */
export interface Attributes {
  /** get, list, watch, create, update, patch, delete, deletecollection; for paths the method in lower case. */
  readonly verb: string;
  readonly path: string;
  /** Absent for paths that are no resources, such as `/metrics`. */
  readonly resource?: ResourceAttributes;
}

export interface ResourceAttributes {
  readonly group: string;
  /** Of the path; who may do what does not depend on it. */
  readonly version?: string;
  readonly resource: string;
  readonly subresource: string;
  /** "" for cluster-scoped kinds, and for all namespaces. */
  readonly namespace: string;
  readonly name: string;
  /** Of a list, watch or deletecollection, as the client wrote it. */
  readonly fieldSelector?: string;
}
