import type { KubeObject } from "../types/meta.ts";
import type { Key } from "../../store/ledger.ts";
import type { Store, StoreEvent } from "../../store/store.ts";
import { accountUserName, type User } from "../authentication/user.ts";
import type { Attributes } from "./attributes.ts";
import type { Authorizer, Permission, RulesFound } from "./authorizer.ts";
import { CompiledRole } from "./compiled_role.ts";
import type { Rule } from "./rules.ts";

const GROUP = "rbac.authorization.k8s.io";
const ROOT = `${GROUP}/`;

/** What the store holds of this group, as far as it matters here. */
interface StoredRole extends KubeObject {
  readonly rules?: readonly Rule[];
}
interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}
interface RoleRef {
  readonly kind: string;
  readonly name: string;
}
interface StoredBinding extends KubeObject {
  readonly subjects?: readonly Subject[];
  readonly roleRef: RoleRef;
}

/** One subject of one binding. */
class Grant implements Permission {
  readonly roleKey: Key;
  /** "" holds everywhere. */
  readonly namespace: string;
  constructor(readonly binding: StoredBinding, readonly subject: Subject) {
    this.namespace = binding.metadata.namespace ?? "";
    this.roleKey = roleKeyOf(binding.roleRef, this.namespace);
  }

  get reason(): string {
    const { kind, metadata, roleRef } = this.binding;
    const name = this.namespace === "" ? metadata.name : `${metadata.name}/${this.namespace}`;
    const role = `${roleRef.kind} ${JSON.stringify(roleRef.name)}`;
    return `RBAC: allowed by ${kind} ${JSON.stringify(name)} of ${role} to ${this.#to()}`;
  }

  #to(): string {
    const { kind, name, namespace } = this.subject;
    const whole = kind === "ServiceAccount" ? `${name}/${namespace}` : name;
    return `${kind} ${JSON.stringify(whole)}`;
  }
}

/** What one user has been granted, as of one state of the bindings. */
interface Granted {
  readonly generation: number;
  readonly everywhere: readonly Grant[];
  readonly byNamespace: ReadonlyMap<string, readonly Grant[]>;
}

const NO_GRANTS: readonly Grant[] = [];

/**
 * Roles and bindings, kept in memory as the store changes: a request costs the look-ups of its user's own
 * bindings. A change holds from the answer to the write that made it.
 */
export class RbacAuthorizer implements Authorizer {
  readonly #roles = new Map<Key, CompiledRole>();
  readonly #bindings = new Map<Key, readonly Grant[]>();
  readonly #bySubject = new Map<string, Set<Grant>>();
  /** Users live as long as their sessions; so does what is known of them. */
  readonly #granted = new WeakMap<User, Granted>();
  #generation = 0;
  readonly #stop: () => void;

  constructor(store: Store) {
    for (const { key, object } of store.list(ROOT)) this.#put(key, object as KubeObject);
    this.#stop = store.watch(ROOT, store.revision, (events) => this.#apply(events));
  }

  permission(user: User, attributes: Attributes): Permission | undefined {
    const { everywhere, byNamespace } = this.#grantedTo(user);
    const found = this.#firstAllowing(everywhere, attributes);
    const { namespace = "" } = attributes.resource ?? {};
    if (found !== undefined || namespace === "") return found;
    return this.#firstAllowing(byNamespace.get(namespace) ?? NO_GRANTS, attributes);
  }

  whyNot(user: User, { resource }: Attributes): string {
    const { errors } = this.rulesOf(user, resource?.namespace ?? "");
    return errors.length === 0 ? "" : `RBAC: ${errorsText(errors)}`;
  }

  rulesOf(user: User, namespace: string): RulesFound {
    const { everywhere, byNamespace } = this.#grantedTo(user);
    const errors: string[] = [];
    const grants = [...everywhere, ...byNamespace.get(namespace) ?? NO_GRANTS];
    const rules = grants.flatMap(({ roleKey, binding }) => {
      const role = this.#roles.get(roleKey);
      if (role === undefined) errors.push(notFoundText(binding.roleRef));
      return role?.rules ?? [];
    });
    return { rules, errors };
  }

  /** Rules of the role that a binding in `namespace` names; undefined where it does not exist. */
  roleRules(roleRef: RoleRef, namespace: string): readonly Rule[] | undefined {
    return this.#roles.get(roleKeyOf(roleRef, namespace))?.rules;
  }

  close(): void {
    this.#stop();
  }

  #firstAllowing(grants: readonly Grant[], attributes: Attributes): Grant | undefined {
    for (const grant of grants) {
      if (this.#roles.get(grant.roleKey)?.allows(attributes)) return grant;
    }
    return undefined;
  }

  #grantedTo(user: User): Granted {
    const known = this.#granted.get(user);
    if (known?.generation === this.#generation) return known;
    const everywhere: Grant[] = [];
    const byNamespace = new Map<string, Grant[]>();
    const subjects = [userKey(user.name), ...user.groups.map(groupKey)];
    for (const subject of new Set(subjects)) {
      for (const grant of this.#bySubject.get(subject) ?? []) {
        if (grant.namespace === "") everywhere.push(grant);
        else byNamespace.set(grant.namespace, [...byNamespace.get(grant.namespace) ?? [], grant]);
      }
    }
    const granted = { generation: this.#generation, everywhere, byNamespace };
    this.#granted.set(user, granted);
    return granted;
  }

  #apply(events: readonly StoreEvent[]): void {
    for (const { type, key, current } of events) {
      if (type === "DELETE") this.#remove(key);
      else this.#put(key, current.object as KubeObject);
    }
  }

  #put(key: Key, object: KubeObject): void {
    this.#remove(key);
    if (!isBinding(object)) {
      this.#roles.set(key, new CompiledRole((object as StoredRole).rules ?? []));
      return;
    }
    const { namespace = "" } = object.metadata;
    const grants = (object.subjects ?? []).map((subject) =>
      new Grant(object, { namespace, ...subject })
    );
    this.#bindings.set(key, grants);
    for (const grant of grants) {
      const subject = subjectKey(grant.subject);
      const known = this.#bySubject.get(subject) ?? new Set();
      this.#bySubject.set(subject, known.add(grant));
    }
  }

  #remove(key: Key): void {
    this.#generation += 1;
    this.#roles.delete(key);
    for (const grant of this.#bindings.get(key) ?? []) {
      const subject = subjectKey(grant.subject);
      const left = this.#bySubject.get(subject);
      left?.delete(grant);
      if (left?.size === 0) this.#bySubject.delete(subject);
    }
    this.#bindings.delete(key);
  }
}

function isBinding(object: KubeObject): object is StoredBinding {
  return object.kind === "RoleBinding" || object.kind === "ClusterRoleBinding";
}

function roleKeyOf({ kind, name }: RoleRef, namespace: string): Key {
  return kind === "ClusterRole"
    ? `${ROOT}clusterroles//${name}`
    : `${ROOT}roles/${namespace}/${name}`;
}

const userKey = (name: string) => `User ${name}`;
const groupKey = (name: string) => `Group ${name}`;

/** A service account is the user of its name. */
function subjectKey({ kind, name, namespace = "" }: Subject): string {
  if (kind === "Group") return groupKey(name);
  return userKey(kind === "ServiceAccount" ? accountUserName(namespace, name) : name);
}

function notFoundText({ kind, name }: RoleRef): string {
  return `${kind.toLowerCase()}.${GROUP} ${JSON.stringify(name)} not found`;
}

/** One stands alone, several stand in brackets, none twice. */
function errorsText(errors: readonly string[]): string {
  const once = [...new Set(errors)];
  return once.length === 1 ? once[0]! : `[${once.join(", ")}]`;
}
