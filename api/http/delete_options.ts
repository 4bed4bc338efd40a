import { decode, rejectUndecoded } from "../types/decode.ts";
import { invalidStatus, notSupported } from "../types/field_errors.ts";
import { DeleteOptions } from "../types/meta.ts";
import type { Deletion } from "../registry/plan_delete.ts";
import type { Call } from "./exchange.ts";
import { isDryRunIn } from "./query.ts";
import { readOptional } from "./read_body.ts";

const TYPE = { apiVersion: "meta.k8s.io/v1", kind: "DeleteOptions" };
const EXPECTED = { resource: TYPE, schema: DeleteOptions };
const POLICIES = ["Background", "Foreground", "Orphan"];

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
  const { propagationPolicy: policy, gracePeriodSeconds, preconditions = {} } = options;
  if (policy !== undefined && !POLICIES.includes(policy)) {
    throw invalidStatus(TYPE, "", [notSupported("propagationPolicy", policy, POLICIES)]);
  }
  const { uid, resourceVersion } = preconditions;
  const deletion = {
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
  };
  const dryRun = [...options.dryRun ?? [], ...query.getAll("dryRun")];
  return { deletion, isDryRun: isDryRunIn(dryRun, TYPE.kind) };
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
  };
}
