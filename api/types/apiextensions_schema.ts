import {
  any,
  boolean,
  double,
  either,
  type Infer,
  type InferFields,
  int64,
  list,
  map,
  messagesOf,
  oneOf,
  optional,
  recursive,
  required,
  string,
} from "./schema.ts";

const PACKAGE = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1";
const message = messagesOf(PACKAGE);

export const ExternalDocumentation = message("ExternalDocumentation", {
  description: optional(1, string),
  url: optional(2, string),
});
export interface ExternalDocumentation extends Infer<typeof ExternalDocumentation> {}

export const ValidationRule = message("ValidationRule", {
  fieldPath: optional(5, string),
  message: optional(2, string),
  messageExpression: optional(3, string),
  optionalOldSelf: optional(6, boolean),
  reason: optional(
    4,
    oneOf("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"),
  ),
  rule: required(1, string, "A CEL expression that must hold; self is the value."),
});
export interface ValidationRule extends Infer<typeof ValidationRule> {}

const PLAIN_FIELDS = {
  $ref: optional(3, string),
  $schema: optional(2, string),
  default: optional(8, any),
  description: optional(4, string),
  enum: optional(20, list(any)),
  example: optional(36, any),
  exclusiveMaximum: optional(10, boolean),
  exclusiveMinimum: optional(12, boolean),
  externalDocs: optional(35, ExternalDocumentation),
  format: optional(6, string),
  id: optional(1, string),
  maxItems: optional(16, int64),
  maxLength: optional(13, int64),
  maxProperties: optional(21, int64),
  maximum: optional(9, double),
  minItems: optional(17, int64),
  minLength: optional(14, int64),
  minProperties: optional(22, int64),
  minimum: optional(11, double),
  multipleOf: optional(19, double),
  nullable: optional(37, boolean),
  pattern: optional(15, string),
  required: optional(23, list(string)),
  title: optional(7, string),
  type: optional(5, string),
  uniqueItems: optional(18, boolean),
  "x-kubernetes-embedded-resource": optional(39, boolean),
  "x-kubernetes-int-or-string": optional(40, boolean),
  "x-kubernetes-list-map-keys": optional(41, list(string)),
  "x-kubernetes-list-type": optional(42, string),
  "x-kubernetes-map-type": optional(43, string),
  "x-kubernetes-preserve-unknown-fields": optional(38, boolean),
  "x-kubernetes-validations": optional(
    44,
    list(ValidationRule, { mergeKey: "rule", mapKeys: ["rule"] }),
  ),
};

/** A schema of OpenAPI version 3, as custom resource definitions write it. */
export interface JSONSchemaProps extends InferFields<typeof PLAIN_FIELDS> {
  additionalItems?: JSONSchemaProps | boolean;
  additionalProperties?: JSONSchemaProps | boolean;
  allOf?: JSONSchemaProps[];
  anyOf?: JSONSchemaProps[];
  definitions?: Record<string, JSONSchemaProps>;
  dependencies?: Record<string, JSONSchemaProps | string[]>;
  items?: JSONSchemaProps | JSONSchemaProps[];
  not?: JSONSchemaProps;
  oneOf?: JSONSchemaProps[];
  patternProperties?: Record<string, JSONSchemaProps>;
  properties?: Record<string, JSONSchemaProps>;
}

export const JSONSchemaProps = recursive<JSONSchemaProps>(
  `${PACKAGE}.JSONSchemaProps`,
  (self) => {
    const orBool = either(`${PACKAGE}.JSONSchemaPropsOrBool`, self, boolean, [2, 1]);
    const orArray = either(`${PACKAGE}.JSONSchemaPropsOrArray`, self, list(self), [1, 2]);
    const orTexts = either(
      `${PACKAGE}.JSONSchemaPropsOrStringArray`,
      self,
      list(string),
      [1, 2],
    );
    return {
      ...PLAIN_FIELDS,
      additionalItems: optional(33, orBool),
      additionalProperties: optional(30, orBool),
      allOf: optional(25, list(self)),
      anyOf: optional(27, list(self)),
      definitions: optional(34, map(self)),
      dependencies: optional(32, map(orTexts)),
      items: optional(24, orArray),
      not: optional(28, self),
      oneOf: optional(26, list(self)),
      patternProperties: optional(31, map(self)),
      properties: optional(29, map(self)),
    };
  },
);
