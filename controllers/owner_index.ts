import type { KubeObject, OwnerReference } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";

/** An object that names an owner, as its watch showed it last. Of the object the metadata alone counts. */
export interface Dependent {
  readonly resource: Resource<KubeObject>;
  readonly object: Readonly<KubeObject>;
}

const NONE: readonly OwnerReference[] = [];

export function ownersOf({ metadata }: Readonly<KubeObject>): readonly OwnerReference[] {
  return metadata.ownerReferences ?? NONE;
}

/** Who depends on whom, by uid. It holds those alone that name an owner. */
export class OwnerIndex {
  readonly #dependents = new Map<string, Map<string, Dependent>>();

  dependentsOf(ownerUid: string): readonly Dependent[] {
    return [...this.#dependents.get(ownerUid)?.values() ?? []];
  }

  /** Those that name an owner of a type. It looks at all of them. */
  naming(apiVersion: string, kind: string): readonly Dependent[] {
    const isOfType = (owner: OwnerReference) =>
      owner.apiVersion === apiVersion && owner.kind === kind;
    return [...this.#dependents.values()].flatMap((known) => [...known.values()])
      .filter(({ object }) => ownersOf(object).some(isOfType));
  }

  /** `before` and `after` are two versions of one object; one of them is absent at its begin and its end. */
  change(
    resource: Resource<KubeObject>,
    before: Readonly<KubeObject> | undefined,
    after: Readonly<KubeObject> | undefined,
  ): void {
    if (before !== undefined) {
      for (const { uid } of ownersOf(before)) {
        if (after === undefined || !names(after, uid)) this.#remove(uid, before);
      }
    }
    if (after === undefined) return;
    for (const { uid } of ownersOf(after)) this.#put(uid, { resource, object: after });
  }

  #put(ownerUid: string, dependent: Dependent): void {
    const known = this.#dependents.get(ownerUid) ?? new Map<string, Dependent>();
    this.#dependents.set(ownerUid, known.set(uidOf(dependent.object), dependent));
  }

  #remove(ownerUid: string, object: Readonly<KubeObject>): void {
    const known = this.#dependents.get(ownerUid);
    known?.delete(uidOf(object));
    if (known?.size === 0) this.#dependents.delete(ownerUid);
  }
}

export function uidOf({ metadata }: Readonly<KubeObject>): string {
  return metadata.uid ?? "";
}

function names(object: Readonly<KubeObject>, ownerUid: string): boolean {
  return ownersOf(object).some(({ uid }) => uid === ownerUid);
}
