import {
  VALIDATING_WEBHOOK_CONFIGURATIONS,
  ValidatingWebhookConfiguration,
} from "../types/admissionregistration_v1.ts";
import type { ResourceKind } from "./kind.ts";
import { defaultWebhook, validateWebhooks, webhookCount } from "./webhook_configurations.ts";

export const validatingWebhookConfigurations: ResourceKind<ValidatingWebhookConfiguration> = {
  resource: VALIDATING_WEBHOOK_CONFIGURATIONS,
  schema: ValidatingWebhookConfiguration,
  singular: "validatingwebhookconfiguration",
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
