import type { ResourceQuota } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import type { Amounts } from "../api/types/pod_amounts.ts";
import { compareQuantities } from "../api/types/quantity.ts";
import { countedIn, countedNameOf, statusFrom } from "../api/types/quota_scopes.ts";
import { type Resource, RESOURCE_QUOTAS } from "../api/types/resources.ts";
import { type Controller, NOTHING_TO_DO } from "./controller.ts";

/** Source: kube-controller-manager, --resource-quota-sync-period. */
const RECOUNT_MS = 300_000;

/**
 * Counts again what a quota says is used. Admission charges and pays back in the commits themselves, so that this
 * finds nothing to do but for a quota that came without a count, and for what nobody foresaw.
 * @param resources every one that a quota may count
 */
export function resourceQuotaController(
  resources: readonly Resource<KubeObject>[],
): Controller<ResourceQuota> {
  const byName = new Map(resources.map((resource) => [countedNameOf(resource), resource]));
  const countedBy = (quota: ResourceQuota) =>
    countedIn(quota).map((name) => byName.get(name)).filter((one) => one !== undefined);
  return {
    name: "resourcequota-controller",
    reconciles: RESOURCE_QUOTAS,
    requeueOn: [],
    /** The quota before what it counts: whatever is charged to it later makes the write of its status a conflict. */
    reads({ namespace }, quota, _cache, { now, heldSince }) {
      if (quota === undefined) return [];
      if (isCounted(quota) && now - heldSince("counted") < RECOUNT_MS) return [];
      const counted = countedBy(quota).filter((resource) => resource !== RESOURCE_QUOTAS);
      const options = { namespace };
      return [RESOURCE_QUOTAS, ...counted].map((resource) => ({ resource, options }));
    },
    plan({ metadata }, { now, since, read }) {
      if (metadata.deletionTimestamp !== undefined) return NOTHING_TO_DO;
      const quota = read(RESOURCE_QUOTAS).find((one) => one.metadata.name === metadata.name);
      if (quota === undefined) {
        return { writes: [], againMs: Math.max(0, since("counted") + RECOUNT_MS - now) };
      }
      const status = statusFrom(quota, function* (name) {
        const resource = byName.get(name);
        if (resource === undefined) return;
        for (const object of read(resource)) yield [resource, object] as const;
      });
      const isRight = isSame(status.hard, quota.status?.hard) &&
        isSame(status.used, quota.status?.used);
      if (isRight) return { writes: [], againMs: 0 };
      return { writes: [{ verb: "updateStatus", object: { ...quota, status } as ResourceQuota }] };
    },
  };
}

function isCounted({ spec, status = {} }: Readonly<ResourceQuota>): boolean {
  const { hard = {}, used = {} } = status;
  return isSame(spec.hard, hard) && Object.keys(hard).every((name) => used[name] !== undefined);
}

function isSame(a: Amounts = {}, b: Amounts = {}): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length &&
    names.every((name) => compareQuantities(a[name] ?? "0", b[name] ?? "-1") === 0);
}
