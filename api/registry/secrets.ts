import { Secret } from "../types/core_v1.ts";
import { forbidden, invalid, required, tooLong } from "../types/field_errors.ts";
import { validateConfigMapKey } from "../types/names.ts";
import { SECRETS } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import { count, text } from "./column_types.ts";
import { base64Bytes, DATA_BYTES_MAX, isSameData } from "./data_size.ts";
import { invalidFor } from "./field_rules.ts";
import type { ResourceKind } from "./kind.ts";

const REDACTED = "<secret contents redacted>";
const ACCOUNT_NAME = "kubernetes.io/service-account.name";

/** Keys that a type asks for; of `anyOf` one is enough, and `isJson` holds for the key's value. */
const RULES: Readonly<Record<string, { anyOf?: string[]; allOf?: string[]; isJson?: true }>> = {
  "kubernetes.io/dockercfg": { allOf: [".dockercfg"], isJson: true },
  "kubernetes.io/dockerconfigjson": { allOf: [".dockerconfigjson"], isJson: true },
  "kubernetes.io/basic-auth": { anyOf: ["username", "password"] },
  "kubernetes.io/ssh-auth": { allOf: ["ssh-privatekey"] },
  "kubernetes.io/tls": { allOf: ["tls.crt", "tls.key"] },
};

export const secrets: ResourceKind<Secret> = {
  resource: SECRETS,
  schema: Secret,
  singular: "secret",
  hasStatus: false,
  default: mergeStringData,
  validate,
  validateUpdate,
  columns: [
    text("Type", "What the secret is used for.", ({ type }) => type ?? "Opaque"),
    count("Data", "Number of keys.", ({ data = {} }) => Object.keys(data).length),
  ],
  selectableFields: { type: ({ type }) => type ?? "" },
};

const UTF8 = new TextEncoder();

/** `stringData` is for writing only: what is stored has `data` alone. */
function mergeStringData(secret: Secret): Secret {
  const { stringData, ...rest } = secret;
  if (stringData === undefined) return secret;
  const encoded = Object.entries(stringData).map(([key, value]) => [
    key,
    UTF8.encode(value).toBase64(),
  ]);
  return { ...rest, data: { ...secret.data, ...Object.fromEntries(encoded) } };
}

function validate({ metadata, type = "Opaque", data = {} }: Secret): FieldError[] {
  const keys = Object.keys(data);
  const errors = keys.flatMap((key) => invalidFor(`data[${key}]`, key, validateConfigMapKey(key)));
  const bytes = Object.values(data).reduce((sum, value) => sum + base64Bytes(value), 0);
  if (bytes > DATA_BYTES_MAX) errors.push(tooLong("data", DATA_BYTES_MAX));
  if (type === "kubernetes.io/service-account-token" && !metadata.annotations?.[ACCOUNT_NAME]) {
    errors.push(required(`metadata.annotations[${ACCOUNT_NAME}]`));
  }
  return [...errors, ...validateType(type, data)];
}

function validateType(type: string, data: Readonly<Record<string, string>>): FieldError[] {
  const { anyOf = [], allOf = [], isJson } = RULES[type] ?? {};
  const missing = anyOf.some((key) => key in data) ? [] : anyOf;
  const errors = [...missing, ...allOf.filter((key) => !(key in data))].map((key) =>
    required(`data[${key}]`)
  );
  if (!isJson) return errors;
  const wrong = allOf.filter((key) => key in data && !isJsonText(data[key] ?? ""));
  return [...errors, ...wrong.map((key) => invalid(`data[${key}]`, REDACTED, "must be JSON"))];
}

function isJsonText(base64: string): boolean {
  try {
    JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(base64)));
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function validateUpdate(secret: Secret, old: Secret): FieldError[] {
  const errors: FieldError[] = [];
  if (secret.type !== old.type) errors.push(invalid("type", secret.type, "field is immutable"));
  if (!old.immutable) return errors;
  const why = "field is immutable when `immutable` is set";
  if (!secret.immutable) errors.push(forbidden("immutable", why));
  if (!isSameData(secret.data, old.data)) errors.push(forbidden("data", why));
  return errors;
}
