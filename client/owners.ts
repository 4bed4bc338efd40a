import type { KubeObject, OwnerReference } from "../api/types/meta.ts";

/** The one owner that manages the object, if any. */
export function controllerOf(object: Readonly<KubeObject>): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller === true);
}

export function isControlledBy(object: Readonly<KubeObject>, owner: Readonly<KubeObject>): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

export function controllerReferenceTo(owner: Readonly<KubeObject>): OwnerReference {
  const { apiVersion, kind, metadata: { name, uid = "" } } = owner;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** A copy that `owner` manages. */
export function adopted<T extends KubeObject>(object: Readonly<T>, owner: Readonly<KubeObject>): T {
  const others = object.metadata.ownerReferences ?? [];
  const ownerReferences = [...others, controllerReferenceTo(owner)];
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
}

/** A copy that `owner` manages no more. */
export function released<T extends KubeObject>(
  object: Readonly<T>,
  owner: Readonly<KubeObject>,
): T {
  const { ownerReferences = [], ...rest } = object.metadata;
  const others = ownerReferences.filter(({ uid }) => uid !== owner.metadata.uid);
  const metadata = others.length === 0 ? rest : { ...rest, ownerReferences: others };
  return { ...object, metadata };
}
