import type { Container, EnvFromSource, EnvVar, EnvVarSource } from "../types/core_v1.ts";
import { invalid, required } from "../types/field_errors.ts";
import { validateConfigMapKey } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor } from "./field_rules.ts";
import { ENV_FIELDS, validateFieldRef, validateResourceRef } from "./validate_field_refs.ts";

/** Source: Kubernetes, IsRelaxedEnvVarName. */
const ENV_NAME = /^[\x20-\x3c\x3e-\x7e]+$/;

export function validateEnv(at: string, { env = [], envFrom = [] }: Container): FieldError[] {
  return [
    ...env.flatMap((variable, i) => validateVariable(`${at}.env[${i}]`, variable)),
    ...envFrom.flatMap((source, i) => validateSource(`${at}.envFrom[${i}]`, source)),
  ];
}

function validateVariable(field: string, { name, value, valueFrom }: EnvVar): FieldError[] {
  const errors = name ? validateEnvName(`${field}.name`, name) : [];
  if (valueFrom === undefined) return errors;
  const at = `${field}.valueFrom`;
  if (value) errors.push(invalid(at, "", "may not be specified when `value` is not empty"));
  return [...errors, ...validateValueFrom(at, valueFrom)];
}

function validateEnvName(field: string, name: string): FieldError[] {
  if (ENV_NAME.test(name)) return [];
  const why = "a valid environment variable name must consist only of printable ASCII characters " +
    "other than '='";
  return [invalid(field, name, why)];
}

function validateValueFrom(field: string, from: EnvVarSource): FieldError[] {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = from;
  const errors: FieldError[] = [];
  const sources = Object.values(from).filter((source) => source !== undefined);
  if (sources.length === 0) {
    const why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or " +
      "`secretKeyRef`";
    errors.push(invalid(field, "", why));
  }
  if (sources.length > 1) {
    errors.push(invalid(field, "", "may not have more than one field specified at a time"));
  }
  if (fieldRef) errors.push(...validateFieldRef(`${field}.fieldRef`, fieldRef, ENV_FIELDS));
  if (resourceFieldRef) {
    errors.push(...validateResourceRef(`${field}.resourceFieldRef`, resourceFieldRef));
  }
  if (configMapKeyRef) errors.push(...validateKeyRef(`${field}.configMapKeyRef`, configMapKeyRef));
  if (secretKeyRef) errors.push(...validateKeyRef(`${field}.secretKeyRef`, secretKeyRef));
  return errors;
}

function validateKeyRef(field: string, { name, key }: { name?: string; key: string }) {
  return [
    ...(name ? [] : [required(`${field}.name`)]),
    ...(key ? invalidFor(`${field}.key`, key, validateConfigMapKey(key)) : []),
  ];
}

function validateSource(
  field: string,
  { prefix, configMapRef, secretRef }: EnvFromSource,
): FieldError[] {
  const errors = prefix ? validateEnvName(`${field}.prefix`, prefix) : [];
  if (configMapRef && !configMapRef.name) errors.push(required(`${field}.configMapRef.name`));
  if (secretRef && !secretRef.name) errors.push(required(`${field}.secretRef.name`));
  if (!configMapRef && !secretRef) {
    errors.push(invalid(field, "", "must specify one of: `configMapRef` or `secretRef`"));
  }
  if (configMapRef && secretRef) {
    errors.push(invalid(field, "", "may not have more than one field specified at a time"));
  }
  return errors;
}
