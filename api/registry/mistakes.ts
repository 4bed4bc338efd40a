import type { Decoded } from "../types/decode.ts";
import { invalidStatus } from "../types/field_errors.ts";
import { type FieldError, hasReason, StatusError } from "../types/status.ts";
import type { AnyKind } from "./kind.ts";

type Mistakes = Pick<Decoded<unknown>, "errors" | "unknown">;

const WRONG_TYPE = /^json: cannot unmarshal .+ into Go struct field \w+\.(\S+) of type /;
const NAMED = /^(?:unknown|duplicate) field (".*")$/;
/** The last of what is said again counts, and may be wrong too. */
const AGAIN = /^(duplicate field|yaml:) /;

/**
 * An object that could not be decoded whole and whose rest is invalid too is refused with every reason at
 * once. Where the rest is right, the refusal is Kubernetes's own, which stops at decoding.
 * @param validate throws Invalid for the part that could be decoded
 * @throws {StatusError} `refusal`, or Invalid
 */
export function rejectMistakes(
  kind: AnyKind,
  name: string | undefined,
  { refusal, mistakes }: { refusal: StatusError; mistakes: Mistakes },
  validate: () => void,
): never {
  try {
    validate();
  } catch (error) {
    if (!hasReason(error, "Invalid")) throw refusal;
    const told = causesOf(mistakes);
    const left = causesOf(withoutDoubles(mistakes));
    const rest = (error as StatusError).causes.filter(({ field }) => !isToldOf(field, left));
    if (rest.length > 0) throw invalidStatus(kind.resource, name ?? "", [...told, ...rest]);
  }
  throw refusal;
}

function causesOf({ errors, unknown }: Mistakes): FieldError[] {
  return [...errors, ...unknown].map((text) => ({
    field: fieldIn(text),
    reason: "FieldValueInvalid",
    message: `Invalid value: ${text}`,
  }));
}

function withoutDoubles({ errors, unknown }: Mistakes): Mistakes {
  return { errors, unknown: unknown.filter((text) => !AGAIN.test(text)) };
}

function fieldIn(text: string): string {
  const named = NAMED.exec(text)?.[1];
  if (named !== undefined) return JSON.parse(named);
  return WRONG_TYPE.exec(text)?.[1] ?? text.split(": ", 1)[0]!;
}

/** A field that was left out because it is wrong is not missing as well. */
function isToldOf(field: string, told: readonly FieldError[]): boolean {
  return told.some((one) =>
    field === one.field || field.startsWith(`${one.field}.`) || field.startsWith(`${one.field}[`)
  );
}
