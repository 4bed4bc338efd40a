/** The operations of kinds, in the form of OpenAPI 2 and 3. */
import type { AnyKind } from "../registry/kind.ts";
import {
  DELETE_OPTIONS,
  type Operation,
  operationsOf,
  PATCH,
  type QueryParameter,
} from "./openapi_operations.ts";
import { type OpenApiVersion, referenceTo } from "./openapi_schemas.ts";

export interface OpenApiOptions {
  /** What the documents call the server's version. */
  readonly serverVersion?: string;
  /** Names `application/apply-patch+yaml`, so that clients know of server-side apply. */
  readonly hasServerSideApply?: boolean;
}

type Json = Record<string, unknown>;

export function pathsOf(
  kinds: readonly AnyKind[],
  version: OpenApiVersion,
  options: OpenApiOptions,
): Record<string, Json> {
  const paths: Record<string, Json> = {};
  for (const operation of kinds.flatMap(operationsOf)) {
    const path = paths[operation.path] ??= { parameters: pathParameters(operation.path, version) };
    path[operation.method] = version === 2
      ? operationV2(operation, options)
      : operationV3(operation, options);
  }
  return paths;
}

const PATCH_TYPES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
];
const JSON_TYPE = "application/json";

function sentTypes({ sends }: Operation, { hasServerSideApply }: OpenApiOptions): string[] {
  if (sends !== PATCH) return [JSON_TYPE];
  return hasServerSideApply ? [...PATCH_TYPES, "application/apply-patch+yaml"] : PATCH_TYPES;
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
};

function describe({ action, id, tag, about }: Operation): Json {
  return {
    operationId: id,
    tags: [tag],
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": about,
  };
}

function operationV3(operation: Operation, options: OpenApiOptions): Json {
  const { sends, answers, codes, query } = operation;
  const contentOf = (name: string, types: readonly string[]) =>
    Object.fromEntries(types.map((type) => [type, { schema: referenceTo(name, 3) }]));
  const content = answers === undefined ? {} : { content: contentOf(answers, [JSON_TYPE]) };
  const body = sends === undefined ? {} : {
    requestBody: {
      content: contentOf(sends, sentTypes(operation, options)),
      required: isNeeded(sends),
    },
  };
  return {
    ...describe(operation),
    parameters: query.map(({ name, type }) => ({
      name,
      in: "query",
      schema: { type, uniqueItems: true },
    })),
    ...body,
    responses: Object.fromEntries(
      codes.map((code) => [code, { description: DESCRIPTIONS[code], ...content }]),
    ),
  };
}

function operationV2(operation: Operation, options: OpenApiOptions): Json {
  const { sends, answers, codes, query } = operation;
  const schema = answers === undefined ? {} : { schema: referenceTo(answers, 2) };
  const body = sends === undefined
    ? []
    : [{ name: "body", in: "body", required: isNeeded(sends), schema: referenceTo(sends, 2) }];
  const inQuery = ({ name, type }: QueryParameter) => ({
    name,
    in: "query",
    type,
    uniqueItems: true,
  });
  return {
    ...describe(operation),
    consumes: sentTypes(operation, options),
    produces: [JSON_TYPE],
    schemes: ["https"],
    parameters: [...body, ...query.map(inQuery)],
    responses: Object.fromEntries(
      codes.map((code) => [code, { description: DESCRIPTIONS[code], ...schema }]),
    ),
  };
}

/** A deletion may come without options. */
const isNeeded = (sends: string) => sends !== DELETE_OPTIONS;

function pathParameters(path: string, version: OpenApiVersion): Json[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    ...(version === 2
      ? { type: "string", uniqueItems: true }
      : { schema: { type: "string", uniqueItems: true } }),
  }));
}
