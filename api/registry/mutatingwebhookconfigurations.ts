import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  MutatingWebhookConfiguration,
} from "../types/admissionregistration_v1.ts";
import type { ResourceKind } from "./kind.ts";
import { defaultWebhook, validateWebhooks, webhookCount } from "./webhook_configurations.ts";

export const mutatingWebhookConfigurations: ResourceKind<MutatingWebhookConfiguration> = {
  resource: MUTATING_WEBHOOK_CONFIGURATIONS,
  schema: MutatingWebhookConfiguration,
  singular: "mutatingwebhookconfiguration",
  categories: ["api-extensions"],
  hasStatus: false,
  hasGeneration: true,
  default: (configuration) => ({
    ...configuration,
    ...(configuration.webhooks && { webhooks: configuration.webhooks.map(defaultWebhook) }),
  }),
  validate: ({ webhooks }) => validateWebhooks(webhooks),
  columns: [webhookCount()],
};
