import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  type MutatingWebhook,
  type MutatingWebhookConfiguration,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
  type ValidatingWebhook,
} from "../types/admissionregistration_v1.ts";
import { type Selector, selectorOf } from "../types/labels.ts";
import type { Resource } from "../types/resources.ts";
import type { Key } from "../../store/ledger.ts";
import type { Store } from "../../store/store.ts";
import { prefixOf } from "../registry/keys.ts";
import { type Asked, matchesRules } from "./webhook_rules.ts";

/** One webhook, ready to be asked. */
export interface Hook {
  readonly webhook: MutatingWebhook | ValidatingWebhook;
  /** As metrics call it. */
  readonly type: "admit" | "validating";
  readonly namespaces: Selector;
  readonly objects: Selector;
}

type Configuration = Pick<MutatingWebhookConfiguration, "metadata" | "webhooks">;

/** The webhooks of one kind in the order of their configurations' names, kept as the store changes. */
export class WebhookIndex {
  readonly #configurations = new Map<Key, Configuration>();
  readonly #stop: () => void;
  #hooks: readonly Hook[] = [];

  constructor(
    store: Store,
    resource: Resource<MutatingWebhookConfiguration>,
    readonly type: Hook["type"],
  ) {
    const prefix = prefixOf(resource);
    for (const { key, object } of store.list(prefix)) {
      this.#configurations.set(key, object as MutatingWebhookConfiguration);
    }
    this.#order();
    this.#stop = store.watch(prefix, store.revision, (events) => {
      for (const { type, key, current } of events) {
        if (type === "DELETE") this.#configurations.delete(key);
        else this.#configurations.set(key, current.object as MutatingWebhookConfiguration);
      }
      this.#order();
    });
  }

  /** Those whose rules match; what they select is asked later. */
  matching(asked: Asked): readonly Hook[] {
    if (this.#hooks.length === 0) return this.#hooks;
    return this.#hooks.filter(({ webhook }) => matchesRules(webhook.rules ?? [], asked));
  }

  close(): void {
    this.#stop();
  }

  #order(): void {
    const sorted = [...this.#configurations].sort(([a], [b]) => a < b ? -1 : 1);
    this.#hooks = sorted.flatMap(([, { webhooks = [] }]) =>
      webhooks.map((webhook) => ({
        webhook,
        type: this.type,
        namespaces: selectorOf(webhook.namespaceSelector ?? {}),
        objects: selectorOf(webhook.objectSelector ?? {}),
      }))
    );
  }
}

export const mutatingWebhooks = (store: Store) =>
  new WebhookIndex(store, MUTATING_WEBHOOK_CONFIGURATIONS, "admit");

export const validatingWebhooks = (store: Store) =>
  new WebhookIndex(
    store,
    VALIDATING_WEBHOOK_CONFIGURATIONS as Resource<MutatingWebhookConfiguration>,
    "validating",
  );
