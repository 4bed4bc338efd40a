import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";
import type { Cache, Write } from "../client/cache.ts";
import { ObjectIndex } from "../client/object_index.ts";
import { resourceOf } from "../client/writes.ts";

/** What a plan looks at, apart from the cluster: it may be changed without anybody noticing. */
export class ClusterCopy implements Cache {
  readonly #indexes = new Map<Resource<KubeObject>, ObjectIndex<Readonly<KubeObject>>>();
  #made = 0;

  constructor(objects: Iterable<Readonly<KubeObject>>) {
    for (const object of objects) this.put(object);
  }

  revisionOf(): number {
    return 1;
  }

  get<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string) {
    return this.#indexOf(resource).get(namespace, name) as Readonly<T> | undefined;
  }

  list<T extends KubeObject>(resource: Resource<T>, namespace?: string) {
    return this.#indexOf(resource).list(namespace) as readonly Readonly<T>[];
  }

  labelled<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string,
    label: string,
    value: string,
  ) {
    const found = this.#indexOf(resource).labelled(namespace, label, value);
    return found as readonly Readonly<T>[];
  }

  controlledBy<T extends KubeObject>(resource: Resource<T>, namespace: string, uid: string) {
    return this.#indexOf(resource).controlledBy(namespace, uid) as readonly Readonly<T>[];
  }

  put(object: Readonly<KubeObject>): void {
    this.#indexOf(resourceOf(object)).put(object);
  }

  remove(object: Readonly<KubeObject>): void {
    this.#indexOf(resourceOf(object)).remove(object);
  }

  /** As the API server would, except that what is deleted is gone at once, whatever still holds it. */
  write(write: Write): void {
    if (write.verb === "create") this.put(this.#born(write.object));
    else if (write.verb === "delete") this.remove(write.object);
    else if (write.verb === "deleteCollection") {
      for (const object of this.list(write.resource, write.namespace)) this.remove(object);
    } else this.put(write.object);
  }

  #born(object: Readonly<KubeObject>): KubeObject {
    this.#made += 1;
    const { generateName = "", name, namespace = "" } = object.metadata;
    const called = name || `${generateName}new-${this.#made}`;
    const uid = `${object.kind}/${namespace}/${called}/new-${this.#made}`;
    return { ...object, metadata: { ...object.metadata, name: called, uid } };
  }

  #indexOf(resource: Resource<KubeObject>): ObjectIndex<Readonly<KubeObject>> {
    let index = this.#indexes.get(resource);
    if (index === undefined) this.#indexes.set(resource, index = new ObjectIndex());
    return index;
  }
}
