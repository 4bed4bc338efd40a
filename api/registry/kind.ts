import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { MessageSchema, Schema } from "../types/schema.ts";
import type { FieldError } from "../types/status.ts";
import type { Store, View, Write } from "../../store/store.ts";
import type { FieldManager } from "./managed_fields.ts";

/** What a decision may use of the outside world. It is read once for each request. */
export interface Moment {
  /** RFC 3339, whole seconds: the form of `creationTimestamp`. */
  readonly now: string;
  readonly newUid: () => string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Who acts, where managed fields are to say so. */
  readonly by?: FieldManager | undefined;
}

/** One column of `kubectl get`. `priority` 1 shows it with `-o wide` only. */
export interface Column<T> {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format?: string;
  readonly priority?: number;
  readonly description: string;
  cell(object: T, now: string): string | number | boolean | null;
}

/** A view of an object under its own path that is read and replaced, such as `status` and `scale`. */
export interface ViewSubresource<T extends KubeObject> {
  readonly does: "view";
  readonly resource: Resource<KubeObject>;
  readonly schema: MessageSchema;
  read(object: T): KubeObject;
  /** @returns `object` with what `view` may change, and nothing else */
  write(object: T, view: KubeObject): T;
  validate?(object: T, old: T): FieldError[];
}

/** A path that takes a POST and changes the object it stands under, such as `binding`. */
export interface ActionSubresource<T extends KubeObject> {
  readonly does: "action";
  readonly resource: Resource<KubeObject>;
  readonly schema: MessageSchema;
  /** Also a collection of the namespace: a POST there names its target in `metadata.name`, as `bindings`. */
  readonly collection?: string;
  /** @throws {StatusError} when the action is refused */
  act?(object: T, input: KubeObject, moment: Moment): T;
  /** In place of `act`: writes of its own, such as the deletion that an eviction is. */
  plan?(object: T, input: KubeObject, around: { view: View; moment: Moment }): {
    object: KubeObject;
    writes: readonly Write[];
  };
}

/** A path that takes a POST of its own kind and answers it; http/ knows the answer, and nothing is stored. */
export interface AnswerSubresource {
  readonly does: "answer";
  readonly resource: Resource<KubeObject>;
  readonly schema: MessageSchema;
}

/** A path that http/ serves itself, such as `log` and `exec`; it is named here for discovery. */
export interface ConnectSubresource {
  readonly does: "connect";
  readonly resource: Resource<KubeObject>;
  readonly verbs: readonly string[];
}

export type Subresource<T extends KubeObject> =
  | ViewSubresource<T>
  | ActionSubresource<T>
  | AnswerSubresource
  | ConnectSubresource;

/**
 * All that one kind says about itself; a kind is one file beside this one plus its line in `kinds.ts`.
 * Routes, watch, patch, tables, discovery and OpenAPI follow. Every function is pure and returns new objects.
 */
export interface ResourceKind<T extends KubeObject> {
  readonly resource: Resource<T>;
  readonly schema: Schema<T> & MessageSchema;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Other path segments that serve the same objects, such as `minions`. */
  readonly aliases?: readonly string[];
  /** Volatile objects live in memory and are gone after a restart. */
  readonly isVolatile?: true;
  /** The store as it looks to this kind, where objects are stored in another form than they are served in. */
  storedThrough?(store: Store): Store;
  /** A question: a create is answered by http/, and nothing is stored. */
  readonly isReview?: true;
  /** Measured by the agents whenever it is asked for: http/ knows how, and nothing is stored. */
  readonly isMeasured?: true;
  /** Verbs left out of the usual eight. */
  readonly withoutVerbs?: readonly string[];
  /** `status` is changed through its subresource alone. */
  readonly hasStatus: boolean;
  /** Counts changes of spec in `metadata.generation`. */
  readonly hasGeneration?: true;
  /** The rule for `metadata.name`; a DNS subdomain where absent. @returns why the name is wrong */
  validateName?(name: string): string[];
  /** Defaults that depend on other fields; the schema's own are in place. */
  default?(object: T): T;
  /** Before a create: drops or sets what clients may not say, such as status. */
  prepareForCreate?(object: T, moment: Moment): T;
  /** Before an update of the main resource: restores what it may not touch. Status is restored for you. */
  prepareForUpdate?(object: T, old: T): T;
  /** Every error at once; required fields and enums of the schema are checked for you. */
  validate(object: T): FieldError[];
  validateUpdate?(object: T, old: T): FieldError[];
  /** What `validate` needs and is loaded late; a write waits for it. */
  ready?(): Promise<void>;
  /**
   * Inside the transaction of a create or update, after validation: allocates and checks against other objects.
   * `old` is undefined on create. `also` are writes that must land together with the object.
   * @throws {StatusError}
   */
  admit?(object: T, old: T | undefined, view: View, moment: Moment): {
    object: T;
    also?: readonly Write[];
  };
  /**
   * What a deletion stores instead of removing the object: a pod that ends gracefully, a namespace that
   * empties. undefined removes it now.
   */
  beginDeletion?(
    object: T,
    options: { gracePeriodSeconds?: number },
    moment: Moment,
  ): T | undefined;
  /** After an update: true when nothing holds the object any more and it goes in the same write. */
  isGone?(object: T): boolean;
  /** Writes that land together with the removal of `object`: what it had allocated becomes free. */
  release?(object: T): readonly Write[];
  /** What a client should know of an object that was stored. */
  warn?(object: T): readonly string[];
  /** The kind itself is going: nothing new is created. */
  readonly isEnding?: boolean;
  /** Clients are told with every answer that this version will go. */
  readonly deprecation?: string;
  /** Between name and age, which are added for you; those of priority 1 come after the age. */
  readonly columns: readonly Column<T>[];
  /** `columns` is the whole table: the kind places `NAME` and `AGE` of `columns.ts` itself, or leaves them out. */
  readonly hasWholeTable?: true;
  /** A deletion that removes at once answers with the object; with a Status where absent. */
  readonly returnsDeleted?: true;
  /**
   * What a deletion that does not say does to those that name this object as their owner: "delete" where absent.
   * "none": nothing may depend on it, and the garbage collector looks away.
   */
  readonly dependents?: "delete" | "orphan" | "none";
  /** A PUT of a name that does not exist creates it. */
  readonly createsOnUpdate?: true;
  /** Field selectors besides `metadata.name` and `metadata.namespace`. */
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>;
  /** The one of them by which lists find what they want without a look at every object. */
  readonly indexedField?: string;
  readonly subresources?: Readonly<Record<string, Subresource<T>>>;
}

// deno-lint-ignore no-explicit-any -- a list of kinds holds kinds of different objects
export type AnyKind = ResourceKind<any>;
