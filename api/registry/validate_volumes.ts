import type { Volume } from "../types/core_v1.ts";
import { forbidden, invalid, required } from "../types/field_errors.ts";
import { compareQuantities } from "../types/quantity.ts";
import type { FieldError } from "../types/status.ts";
import { validateDnsLabel, validateUnique } from "./field_rules.ts";
import { validateDownwardFiles, validateMode, validateProjected } from "./validate_projections.ts";
import { validateKeyFiles } from "./validate_projections.ts";
import { validateNoStepBack, validateRelativePath } from "./validate_paths.ts";

export function validateVolumes(field: string, volumes: readonly Volume[]): FieldError[] {
  return [
    ...volumes.flatMap((volume, i) => validateVolume(`${field}[${i}]`, volume)),
    ...validateUnique(volumes.map(({ name }, i) => [`${field}[${i}].name`, name])),
  ];
}

function validateVolume(field: string, volume: Volume): FieldError[] {
  const { name, ...sources } = volume;
  const [first, ...others] = Object.keys(sources);
  return [
    ...(name ? validateDnsLabel(`${field}.name`, name) : []),
    ...(first === undefined ? [required(field, "must specify a volume type")] : []),
    ...others.map((other) =>
      forbidden(`${field}.${other}`, "may not specify more than 1 volume type")
    ),
    ...(first === undefined ? [] : validateSource(`${field}.${first}`, volume)),
  ];
}

type Source = Exclude<keyof Volume, "name">;
type Validate<S extends Source> = (field: string, source: NonNullable<Volume[S]>) => FieldError[];

/** Rules beyond the schema's; a source without a line has none. */
const VALIDATE: { readonly [S in Source]?: Validate<S> } = {
  emptyDir: (field, { sizeLimit }) =>
    sizeLimit !== undefined && compareQuantities(sizeLimit, "0") < 0
      ? [forbidden(`${field}.sizeLimit`, "SizeLimit field must be a valid resource quantity")]
      : [],
  hostPath: (field, { path }) => validateNoStepBack(`${field}.path`, path),
  secret: (field, { secretName, items = [], defaultMode }) => [
    ...(secretName ? [] : [required(`${field}.secretName`)]),
    ...validateMode(`${field}.defaultMode`, defaultMode),
    ...validateKeyFiles(`${field}.items`, items),
  ],
  configMap: (field, { name, items = [], defaultMode }) => [
    ...(name ? [] : [required(`${field}.name`)]),
    ...validateMode(`${field}.defaultMode`, defaultMode),
    ...validateKeyFiles(`${field}.items`, items),
  ],
  downwardAPI: (field, { items = [], defaultMode }) => [
    ...validateMode(`${field}.defaultMode`, defaultMode),
    ...validateDownwardFiles(`${field}.items`, items),
  ],
  projected: validateProjected,
  gitRepo: (field, { directory }) => validateRelativePath(`${field}.directory`, directory),
  nfs: (field, { path }) =>
    path && !path.startsWith("/")
      ? [invalid(`${field}.path`, path, "must be an absolute path")]
      : [],
};

function validateSource(field: string, volume: Volume): FieldError[] {
  const source = Object.keys(volume).find((name) => name !== "name") as Source;
  const validate = VALIDATE[source] as Validate<Source> | undefined;
  const value = volume[source];
  return value === undefined ? [] : validate?.(field, value) ?? [];
}
