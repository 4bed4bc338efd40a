import type { KubeObject } from "../../api/types/meta.ts";

/** Source: Kubernetes, component-helpers/storage/volume, and apis/core/v1. */
export const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
export const BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";
export const PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";
export const SELECTED_NODE = "volume.kubernetes.io/selected-node";
export const STORAGE_PROVISIONER = "volume.kubernetes.io/storage-provisioner";
export const IS_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";
export const CLAIM_PROTECTION = "kubernetes.io/pvc-protection";
export const VOLUME_PROTECTION = "kubernetes.io/pv-protection";

/** Makes volumes that are folders of a node. */
export const LOCAL_PROVISIONER = "wherry.dev/local";

export function annotation({ metadata }: Readonly<KubeObject>, name: string): string | undefined {
  return metadata.annotations?.[name];
}

/** The same object with these annotations beside its own. */
export function annotated<T extends KubeObject>(
  object: Readonly<T>,
  annotations: Readonly<Record<string, string>>,
): T {
  const { metadata } = object;
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
  };
}

export function hasFinalizer({ metadata }: Readonly<KubeObject>, finalizer: string): boolean {
  return metadata.finalizers?.includes(finalizer) ?? false;
}

export function withFinalizer<T extends KubeObject>(object: Readonly<T>, finalizer: string): T {
  const finalizers = [...object.metadata.finalizers ?? [], finalizer];
  return { ...object, metadata: { ...object.metadata, finalizers } };
}

export function withoutFinalizer<T extends KubeObject>(object: Readonly<T>, finalizer: string): T {
  const finalizers = (object.metadata.finalizers ?? []).filter((one) => one !== finalizer);
  return { ...object, metadata: { ...object.metadata, finalizers } };
}
