/** What mutating and validating webhooks share. */
import type {
  MatchCondition,
  RuleWithOperations,
  WebhookClientConfig,
} from "../types/admissionregistration_v1.ts";
import { forbidden, invalid, required } from "../types/field_errors.ts";
import { validateDns1123Subdomain, validateQualifiedName } from "../types/names.ts";
import type { KubeObject } from "../types/meta.ts";
import type { LabelSelector } from "../types/meta.ts";
import type { FieldError } from "../types/status.ts";
import { count } from "./column_types.ts";
import { invalidFor, validateUnique } from "./field_rules.ts";
import { validateLabelSelector } from "./label_selectors.ts";

interface Webhook {
  name: string;
  clientConfig: WebhookClientConfig;
  rules?: RuleWithOperations[];
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  timeoutSeconds?: number;
  matchConditions?: MatchCondition[];
  admissionReviewVersions: string[];
}

type Configuration = KubeObject & { webhooks?: Webhook[] };

export function webhookCount<T extends Configuration>() {
  return count<T>("Webhooks", "Number of webhooks.", ({ webhooks }) => webhooks?.length ?? 0);
}

/** Selectors that are left out select everything. */
export function defaultWebhook<W extends Webhook>(webhook: W): W {
  const { namespaceSelector = {}, objectSelector = {} } = webhook;
  return { ...webhook, namespaceSelector, objectSelector };
}

/** Versions of the question that the server can ask. */
const REVIEW_VERSIONS = ["v1"];

export function validateWebhooks(webhooks: readonly Webhook[] = []): FieldError[] {
  return [
    ...webhooks.flatMap((webhook, i) => validateWebhook(`webhooks[${i}]`, webhook)),
    ...validateUnique(webhooks.map(({ name }, i) => [`webhooks[${i}].name`, name])),
  ];
}

function validateWebhook(field: string, webhook: Webhook): FieldError[] {
  const { name, timeoutSeconds = 10, admissionReviewVersions: versions = [], rules = [] } = webhook;
  const errors = name ? validateFullName(`${field}.name`, name) : [];
  if (versions.length > 0 && !versions.some((version) => REVIEW_VERSIONS.includes(version))) {
    const why = `must include at least one of ${REVIEW_VERSIONS.join(", ")}`;
    errors.push(invalid(`${field}.admissionReviewVersions`, versions, why));
  }
  if (timeoutSeconds < 1 || timeoutSeconds > 30) {
    const why = "the timeout value must be between 1 and 30 seconds";
    errors.push(invalid(`${field}.timeoutSeconds`, timeoutSeconds, why));
  }
  return [
    ...errors,
    ...validateConditions(`${field}.matchConditions`, webhook.matchConditions),
    ...validateLabelSelector(`${field}.namespaceSelector`, webhook.namespaceSelector),
    ...validateLabelSelector(`${field}.objectSelector`, webhook.objectSelector),
    ...rules.flatMap((rule, i) => validateRule(`${field}.rules[${i}]`, rule)),
    ...validateClient(`${field}.clientConfig`, webhook.clientConfig),
  ];
}

function validateFullName(field: string, name: string): FieldError[] {
  const errors = invalidFor(field, name, validateDns1123Subdomain(name));
  if (errors.length > 0 || name.split(".").length >= 3) return errors;
  return [
    invalid(field, name, "should be a domain with at least three segments separated by dots"),
  ];
}

/** Source: k8s.io/kubernetes, pkg/apis/admissionregistration/validation. */
const CONDITIONS_MAX = 64;

function validateConditions(field: string, conditions: MatchCondition[] = []): FieldError[] {
  if (conditions.length > CONDITIONS_MAX) {
    return [invalid(field, conditions.length, `must have at most ${CONDITIONS_MAX} items`)];
  }
  return [
    ...conditions.flatMap(({ name = "", expression = "" }, i) => [
      ...(name === ""
        ? [required(`${field}[${i}].name`)]
        : invalidFor(`${field}[${i}].name`, name, validateQualifiedName(name))),
      ...(expression.trim() === "" ? [required(`${field}[${i}].expression`)] : []),
    ]),
    ...validateUnique(conditions.map(({ name }, i) => [`${field}[${i}].name`, name])),
  ];
}

function validateRule(field: string, rule: RuleWithOperations): FieldError[] {
  return (["apiGroups", "apiVersions", "operations", "resources"] as const).flatMap((name) => {
    const values: readonly string[] = rule[name] ?? [];
    if (values.length === 0) return [required(`${field}.${name}`)];
    if (values.length === 1 || !values.includes("*")) return [];
    const why = "if '*' is present, must not specify other " +
      (name === "apiGroups" ? "API groups" : name === "apiVersions" ? "API versions" : name);
    return name === "resources" ? [] : [invalid(`${field}.${name}`, values, why)];
  });
}

function validateClient(field: string, client: WebhookClientConfig | undefined): FieldError[] {
  if (client === undefined) return [];
  const { url, service } = client;
  if ((url === undefined) === (service === undefined)) {
    return [required(field, "exactly one of url or service is required")];
  }
  if (url !== undefined) return validateUrl(`${field}.url`, url);
  const { path, port = 443 } = service!;
  const errors: FieldError[] = [];
  if (path !== undefined && !path.startsWith("/")) {
    errors.push(invalid(`${field}.service.path`, path, "must start with a '/'"));
  }
  if (port < 1 || port > 65535) {
    const why = "port is not valid: must be between 1 and 65535, inclusive";
    errors.push(invalid(`${field}.service.port`, port, why));
  }
  return errors;
}

function validateUrl(field: string, text: string): FieldError[] {
  const url = URL.parse(text);
  if (url === null) return [required(field, "url must be a valid URL")];
  const errors: FieldError[] = [];
  if (url.protocol !== "https:") {
    const why = "'https' is the only allowed URL scheme; desired format: https://host[/path]";
    errors.push(invalid(field, url.protocol.replace(/:$/, ""), why));
  }
  const parts = { "user information": url.username, fragments: url.hash, query: url.search };
  for (const [what, part] of Object.entries(parts)) {
    if (part === "") continue;
    errors.push(forbidden(field, `${what} not permitted in the URL`));
  }
  return errors;
}
