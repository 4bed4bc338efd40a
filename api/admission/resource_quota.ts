import type { Container, Pod, ResourceQuota } from "../types/core_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import { type Amounts, plus } from "../types/pod_amounts.ts";
import { addQuantities, compareQuantities, subtractQuantities } from "../types/quantity.ts";
import { isInScope } from "../types/quota_scopes.ts";
import { countedBy, isOver, quotaNames, usageOf, within } from "../types/quota_usage.ts";
import { PERSISTENT_VOLUME_CLAIMS, PODS, RESOURCE_QUOTAS, SERVICES } from "../types/resources.ts";
import type { StatusError } from "../types/status.ts";
import type { View, Write } from "../../store/store.ts";
import { keyOf, prefixOf, qualifiedName } from "../registry/keys.ts";
import type { AnyKind } from "../registry/kind.ts";
import { forbidden } from "../registry/refusals.ts";

/** One object before and after a commit: without `old` it is new, without `next` it is gone. */
export interface Stake {
  readonly kind: AnyKind;
  readonly namespace: string;
  readonly old?: KubeObject | undefined;
  readonly next?: KubeObject | undefined;
  /** A quota may refuse it; otherwise it is only counted: a status is what it is. */
  readonly mayBeRefused: boolean;
}

/**
 * What a commit takes of the quotas of its namespace, and what it gives back. It lands in the same transaction,
 * so that what a quota says of its use is true of every revision, and nothing can slip past it.
 * @returns the quotas with their new use
 * @throws {StatusError} Forbidden, in the words of k8s.io/kubernetes, plugin resourcequota
 */
export function chargeQuotas(
  stakes: readonly Stake[],
  view: Pick<View, "get" | "list">,
): readonly Write[] {
  const charged = new Map<string, ResourceQuota>();
  for (const stake of stakes) {
    if (!isCounted(stake)) continue;
    for (const { key, object } of view.list(prefixOf(RESOURCE_QUOTAS, stake.namespace))) {
      if (key === ownKey(stake)) continue;
      const quota = charged.get(key) ?? object as ResourceQuota;
      const used = usedAfter(quota, stake);
      if (used !== undefined) charged.set(key, { ...quota, status: { ...quota.status, used } });
    }
  }
  return [...charged].map(([key, object]) => ({ key, object }));
}

/** An update nearly always takes what the object had before: then it must cost nothing. */
function isCounted({ kind: { resource, isVolatile }, old, next }: Stake): boolean {
  if (!resource.isNamespaced || isVolatile) return false;
  if (old === undefined || next === undefined) return true;
  if (resource === SERVICES || resource === PERSISTENT_VOLUME_CLAIMS) return true;
  if (resource !== PODS) return false;
  const [before, after] = [old as Pod, next as Pod];
  return before.spec !== after.spec || isOver(before) !== isOver(after);
}

/** A quota that is made or goes does not count itself: it is counted when it is made, and then gone. */
function ownKey({ kind: { resource }, namespace, old, next }: Stake): string | undefined {
  if (resource !== RESOURCE_QUOTAS) return undefined;
  return keyOf(resource, namespace, (next ?? old)?.metadata.name ?? "");
}

/** @returns undefined where nothing changes */
function usedAfter(quota: ResourceQuota, stake: Stake): Amounts | undefined {
  const { hard = {}, used = {} } = quota.status ?? {};
  const { kind: { resource }, old, next } = stake;
  const taken = (object: KubeObject | undefined): Amounts => {
    if (object === undefined || !isInScope(quota, resource, object)) return {};
    return within(hard, usageOf(resource, object));
  };
  const [before, after] = [taken(old), taken(next)];
  if (stake.mayBeRefused && next !== undefined && isInScope(quota, resource, next)) {
    rejectUnsaid(quota, stake, next);
    rejectExcess(quota, stake, next, more(before, after));
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...names].filter((name) =>
    used[name] !== undefined && compareQuantities(before[name] ?? "0", after[name] ?? "0") !== 0
  );
  if (changed.length === 0) return undefined;
  return {
    ...used,
    ...Object.fromEntries(
      changed.map((name) => [name, moved(used[name]!, before[name], after[name])]),
    ),
  };
}

function moved(used: string, before = "0", after = "0"): string {
  const next = subtractQuantities(addQuantities(used, after), before);
  return compareQuantities(next, "0") < 0 ? "0" : next;
}

/** By how much it asks for more than it had. */
function more(before: Amounts, after: Amounts): Amounts {
  const grown = Object.entries(after).filter(([name, amount]) =>
    compareQuantities(amount, before[name] ?? "0") > 0
  );
  return Object.fromEntries(
    grown.map(([name, amount]) => [name, subtractQuantities(amount, before[name] ?? "0")]),
  );
}

/** Once cpu or memory are limited every container must say what it takes of them. */
const MUST_BE_SAID: ReadonlySet<string> = new Set([
  "cpu",
  "memory",
  "requests.cpu",
  "requests.memory",
  "limits.cpu",
  "limits.memory",
]);

function rejectUnsaid(quota: ResourceQuota, stake: Stake, next: KubeObject): void {
  const { hard = {}, used = {} } = quota.status ?? {};
  const counted = qualifiedName(stake.kind.resource);
  const names = Object.keys(hard).filter((name) => countedBy(name) === counted).sort();
  if (stake.kind.resource === PODS && stake.old === undefined) {
    const unsaid = unsaidIn(next as Pod, names.filter((name) => MUST_BE_SAID.has(name)));
    if (unsaid !== "") {
      throw refusal(stake, next, `failed quota: ${quota.metadata.name}: must specify ${unsaid}`);
    }
  }
  const unknown = names.filter((name) => used[name] === undefined);
  if (unknown.length === 0) return;
  const what = `${quota.metadata.name}, resources: ${unknown.join(",")}`;
  throw refusal(stake, next, `status unknown for quota: ${what}`);
}

/** `limits.cpu for: a,b; requests.memory for: a` */
function unsaidIn({ spec }: Pod, names: readonly string[]): string {
  const containers: readonly Container[] = [...spec.containers, ...spec.initContainers ?? []];
  return names.flatMap((name) => {
    const silent = containers.filter(({ resources }) =>
      quotaNames(resources?.requests ?? {}, resources?.limits ?? {})[name] === undefined
    );
    if (silent.length === 0) return [];
    return [`${name} for: ${[...new Set(silent.map((one) => one.name))].sort().join(",")}`];
  }).join("; ");
}

function rejectExcess(
  { metadata, status }: ResourceQuota,
  stake: Stake,
  next: KubeObject,
  asked: Amounts,
): void {
  const { hard = {}, used = {} } = status ?? {};
  const sum = plus(asked, within(asked, used));
  const exceeded = Object.keys(asked).sort()
    .filter((name) => compareQuantities(sum[name] ?? "0", hard[name] ?? "0") > 0);
  if (exceeded.length === 0) return;
  const list = (amounts: Amounts) => exceeded.map((name) => `${name}=${amounts[name]}`).join(",");
  const figures = `requested: ${list(asked)}, used: ${list(used)}, limited: ${list(hard)}`;
  throw refusal(stake, next, `exceeded quota: ${metadata.name}, ${figures}`);
}

function refusal({ kind }: Stake, { metadata }: KubeObject, why: string): StatusError {
  return forbidden(kind.resource, metadata.name, why);
}
