import type { KubeObject } from "../types/meta.ts";
import { applyJsonPatch } from "../types/json_patch.ts";
import type { MessageSchema } from "../types/schema.ts";
import { StatusError } from "../types/status.ts";
import { NAMESPACES } from "../types/resources.ts";
import { decodeObject } from "../registry/decode_object.ts";
import { keyOf } from "../registry/keys.ts";
import type { Review } from "./admission_review.ts";
import { meetsConditions } from "./match_conditions.ts";
import { type CallParts, callWebhook } from "./webhook_call.ts";
import {
  type Hook,
  mutatingWebhooks,
  validatingWebhooks,
  type WebhookIndex,
} from "./webhook_index.ts";
import type { Asked } from "./webhook_rules.ts";

/** Objects that are changed from outside go through these before anything else. */
export class Webhooks {
  readonly #parts: CallParts;
  readonly #mutating: WebhookIndex;
  readonly #validating: WebhookIndex;

  constructor(parts: CallParts) {
    this.#parts = parts;
    this.#mutating = mutatingWebhooks(parts.store);
    this.#validating = validatingWebhooks(parts.store);
  }

  /** Who wants to be asked about such writes; undefined, as nearly always, for nobody. */
  concerning(asked: Asked): Reviewers | undefined {
    const mutating = this.#mutating.matching(asked);
    const validating = this.#validating.matching(asked);
    if (mutating.length === 0 && validating.length === 0) return undefined;
    return new Reviewers(this.#parts, mutating, validating);
  }

  close(): void {
    this.#mutating.close();
    this.#validating.close();
  }
}

/** The webhooks that are asked about one write, and what they warned of. */
export class Reviewers {
  readonly warnings: string[] = [];
  readonly #parts: CallParts;
  readonly #mutating: readonly Hook[];
  readonly #validating: readonly Hook[];

  constructor(parts: CallParts, mutating: readonly Hook[], validating: readonly Hook[]) {
    this.#parts = parts;
    this.#mutating = mutating;
    this.#validating = validating;
  }

  /**
   * One after another, each with what the one before made of the object; those that want it are asked again when
   * a later one has changed it.
   * @returns the very object of the review where nobody changed it
   * @throws {StatusError} Denial; InternalError when a webhook fails that may not fail
   */
  async mutate(review: Review, schema: MessageSchema): Promise<KubeObject | undefined> {
    let { object } = review;
    const left = new Map<Hook, KubeObject | undefined>();
    for (const hook of this.#mutating) {
      object = await this.#mutateBy(hook, { ...review, object }, schema);
      left.set(hook, object);
    }
    for (const [hook, seen] of left) {
      const { webhook } = hook;
      const isAgain = "reinvocationPolicy" in webhook && webhook.reinvocationPolicy === "IfNeeded";
      if (!isAgain || seen === object) continue;
      object = await this.#mutateBy(hook, { ...review, object }, schema);
    }
    return object;
  }

  /** All at one time. @throws as `mutate` */
  async validate(review: Review): Promise<void> {
    await Promise.all(this.#validating.map(async (hook) => {
      if (!await this.#concerns(hook, review)) return;
      const verdict = await callWebhook(this.#parts, hook, review);
      this.warnings.push(...verdict?.warnings ?? []);
    }));
  }

  /**
   * About what is not stored, such as the options of a stream: it can be refused and not changed.
   * @throws as `mutate`
   */
  async permit(review: Review): Promise<void> {
    for (const hook of this.#mutating) {
      if (!await this.#concerns(hook, review)) continue;
      const verdict = await callWebhook(this.#parts, hook, review);
      if (verdict?.patch === undefined) continue;
      const { name } = hook.webhook;
      const why = `admission webhook ${
        JSON.stringify(name)
      } wants to change the options of a stream`;
      throw new StatusError("InternalError", `Internal error occurred: ${why}`);
    }
    await this.validate(review);
  }

  async #concerns(hook: Hook, review: Review): Promise<boolean> {
    return this.#selects(hook, review) && await meetsConditions(hook, review, this.#parts.rules);
  }

  async #mutateBy(
    hook: Hook,
    review: Review,
    schema: MessageSchema,
  ): Promise<KubeObject | undefined> {
    const { object, of } = review;
    if (!await this.#concerns(hook, review)) return object;
    const verdict = await callWebhook(this.#parts, hook, review);
    this.warnings.push(...verdict?.warnings ?? []);
    if (object === undefined || verdict?.patch === undefined) return object;
    try {
      const patched = applyJsonPatch(object, verdict.patch);
      return decodeObject(of, schema, patched, { fieldValidation: "Strict" }).object;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      throw new StatusError("InternalError", `Internal error occurred: ${error.message}`);
    }
  }

  /** Objects without a namespace are in every selection of namespaces; a namespace counts by its own labels. */
  #selects({ namespaces, objects }: Hook, { resource, namespace, object, old }: Review): boolean {
    const own = object ?? old;
    const isSelected = [object, old].some((one) => one && objects.matches(one.metadata?.labels));
    if (!isSelected) return false;
    if (namespaces.isEmpty) return true;
    if (resource === NAMESPACES) return namespaces.matches(own?.metadata.labels);
    if (namespace === "") return true;
    const home = this.#parts.store.get(keyOf(NAMESPACES, "", namespace))?.object as
      | KubeObject
      | undefined;
    return home !== undefined && namespaces.matches(home.metadata.labels);
  }
}
