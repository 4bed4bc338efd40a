import { decode, rejectUndecoded } from "../types/decode.ts";
import { invalid, invalidStatus, notSupported } from "../types/field_errors.ts";
import { DeleteOptions } from "../types/meta.ts";
import type { Deletion } from "../registry/plan_delete.ts";
import { PROPAGATION_POLICIES, type PropagationPolicy } from "../registry/propagation.ts";
import type { Call } from "./exchange.ts";
import { flagIn, isDryRunIn } from "./query.ts";
import { readOptional } from "./read_body.ts";

const TYPE = { apiVersion: "meta.k8s.io/v1", kind: "DeleteOptions" };
const EXPECTED = { resource: TYPE, schema: DeleteOptions };

export interface DeletionAsked {
  readonly deletion: Deletion;
  readonly isDryRun: boolean;
}

/**
 * Options of a deletion, from the body or else from the query.
 * @throws {StatusError} BadRequest, Invalid
 */
export async function readDeletion(call: Call): Promise<DeletionAsked> {
  const { query } = call;
  const options = optionsIn(await readOptional(call, EXPECTED) ?? fromQuery(query));
  const { gracePeriodSeconds, preconditions: { uid, resourceVersion } = {} } = options;
  const propagationPolicy = policyIn(options);
  const deletion = {
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(propagationPolicy !== undefined && { propagationPolicy }),
    ...(query.has("nodeLease") && { nodeLease: query.get("nodeLease") ?? "" }),
  };
  const dryRun = [...options.dryRun ?? [], ...query.getAll("dryRun")];
  return { deletion, isDryRun: isDryRunIn(dryRun, TYPE.kind) };
}

/** `orphanDependents` is how older clients say it. @throws {StatusError} Invalid */
function policyIn(
  { propagationPolicy: policy, orphanDependents }: DeleteOptions,
): PropagationPolicy | undefined {
  if (policy !== undefined && orphanDependents !== undefined) {
    const why = "orphanDependents and deletionPropagation cannot be both set";
    throw invalidStatus(TYPE, "", [invalid("propagationPolicy", policy, why)]);
  }
  if (orphanDependents !== undefined) return orphanDependents ? "Orphan" : "Background";
  const known = PROPAGATION_POLICIES.find((one) => one === policy);
  if (known !== undefined || policy === undefined) return known;
  const supported = [...PROPAGATION_POLICIES, "nil"];
  throw invalidStatus(TYPE, "", [notSupported("propagationPolicy", policy, supported)]);
}

function optionsIn(json: unknown): DeleteOptions {
  const decoded = decode(DeleteOptions, json);
  rejectUndecoded(TYPE, decoded, false);
  return decoded.object;
}

function fromQuery(query: URLSearchParams): unknown {
  const grace = query.get("gracePeriodSeconds");
  const policy = query.get("propagationPolicy");
  return {
    ...(grace !== null && { gracePeriodSeconds: /^-?\d+$/.test(grace) ? Number(grace) : grace }),
    ...(policy !== null && { propagationPolicy: policy }),
    ...(query.has("orphanDependents") && { orphanDependents: flagIn(query, "orphanDependents") }),
  };
}
