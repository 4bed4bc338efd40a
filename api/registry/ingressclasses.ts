import { forbidden, invalid, notSupported, required } from "../types/field_errors.ts";
import {
  INGRESS_CLASSES,
  IngressClass,
  type IngressClassParametersReference,
} from "../types/networking_v1.ts";
import { validateQualifiedName } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { text } from "./column_types.ts";
import { validateUnchanged } from "./immutable_fields.ts";
import type { ResourceKind } from "./kind.ts";

export const ingressClasses: ResourceKind<IngressClass> = {
  resource: INGRESS_CLASSES,
  schema: IngressClass,
  singular: "ingressclass",
  hasStatus: false,
  hasGeneration: true,
  validate,
  validateUpdate: ({ spec }, { spec: old }) => {
    return validateUnchanged("spec.controller", spec.controller, old.controller);
  },
  columns: [
    text("Controller", "Who serves ingresses of the class.", ({ spec }) => spec.controller ?? ""),
    text("Parameters", "The object with more settings.", ({ spec: { parameters } }) => {
      if (parameters === undefined) return "<none>";
      const { apiGroup, kind, name } = parameters;
      return `${apiGroup ? `${kind}.${apiGroup}` : kind}/${name}`;
    }),
  ],
};

const CONTROLLER_LENGTH_MAX = 250;

function validate({ spec: { controller, parameters } }: IngressClass): FieldError[] {
  const at = "spec.controller";
  const errors: FieldError[] = [];
  if (!controller) errors.push(required(at));
  else if (controller.length > CONTROLLER_LENGTH_MAX) {
    errors.push(invalid(at, controller, `must be no more than ${CONTROLLER_LENGTH_MAX} bytes`));
  } else if (!isDomainPath(controller)) {
    const why = 'must be a domain-prefixed path (such as "acme.io/foo")';
    errors.push(invalid(at, controller, why));
  }
  return parameters === undefined ? errors : [...errors, ...validateParameters(parameters)];
}

function isDomainPath(text: string): boolean {
  const [domain = "", ...path] = text.split("/");
  return path.length > 0 && path.every((part) => part !== "") &&
    validateQualifiedName(`${domain}/a`).length === 0;
}

const SCOPES = ["Cluster", "Namespace"];

function validateParameters(
  { scope = "Cluster", namespace }: IngressClassParametersReference,
): FieldError[] {
  const at = "spec.parameters";
  if (!SCOPES.includes(scope)) return [notSupported(`${at}.scope`, scope, SCOPES)];
  if (scope === "Namespace") {
    const why = "`parameters.scope` is set to 'Namespace'";
    return namespace ? [] : [required(`${at}.namespace`, why)];
  }
  const why = "`parameters.scope` is set to 'Cluster'";
  return namespace === undefined ? [] : [forbidden(`${at}.namespace`, why)];
}
