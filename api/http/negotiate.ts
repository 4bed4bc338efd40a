import { StatusError } from "../types/status.ts";

/** One choice of an Accept header, in the client's order. */
export interface Accepted {
  /** Type and subtype, lower case. */
  readonly type: string;
  /** The kind to turn the answer into, such as `Table`, with its group and version. */
  readonly as: string;
  readonly group: string;
  readonly version: string;
}

/** How objects are put on the wire. */
export type Format = "json" | "table" | "partial" | "protobuf" | "protobuf partial";

export const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";

/** Headers remembered: clients send the same few. */
const REMEMBERED_MAX = 200;
const remembered = new Map<string, readonly Accepted[]>();

export function acceptedBy(header: string | null): readonly Accepted[] {
  const text = header ?? "*/*";
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const accepted = text.split(",").map(acceptedOf);
  if (remembered.size >= REMEMBERED_MAX) remembered.clear();
  remembered.set(text, accepted);
  return accepted;
}

function acceptedOf(range: string): Accepted {
  const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
  const said = new Map(parameters.map((parameter) => {
    const [name = "", value = ""] = parameter.split("=");
    return [name.toLowerCase(), value];
  }));
  return {
    type: type.toLowerCase(),
    as: said.get("as") ?? "",
    group: said.get("g") ?? "",
    version: said.get("v") ?? "",
  };
}

export function isJson({ type }: Accepted): boolean {
  return type === "application/json" || type === "*/*" || type === "application/*";
}

export function isProtobuf({ type }: Accepted): boolean {
  return type === PROTOBUF_TYPE;
}

const META = "meta.k8s.io";

/**
 * The first of the client's choices that objects can take. There are no tables in protobuf.
 * @param isCustom objects of a custom kind have no form in protobuf
 * @throws {StatusError} NotAcceptable
 */
export function objectFormat(header: string | null, isCustom = false): Format {
  for (const accepted of acceptedBy(header)) {
    const isBinary = isProtobuf(accepted);
    if (!isBinary && !isJson(accepted)) continue;
    const { as, group, version } = accepted;
    if (as === "" && isBinary && isCustom) continue;
    if (as === "") return isBinary ? "protobuf" : "json";
    if (group !== META || (version !== "v1" && version !== "v1beta1")) continue;
    if (as === "Table" && !isBinary) return "table";
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") {
      return isBinary ? "protobuf partial" : "partial";
    }
  }
  const known = `application/json, ${PROTOBUF_TYPE}`;
  const why = `only the following media types are accepted: ${known}`;
  throw new StatusError("NotAcceptable", why);
}
