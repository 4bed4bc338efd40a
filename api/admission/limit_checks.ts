import type { Container, LimitRangeItem, PersistentVolumeClaim, Pod } from "../types/core_v1.ts";
import { type Amounts, podAmounts } from "../types/pod_amounts.ts";
import { compareQuantities, toNumber } from "../types/quantity.ts";

/** What somebody asks for, against one item of a LimitRange. Texts: k8s.io/kubernetes, plugin limitranger. */

interface Asked {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

export function podBreaches(item: LimitRangeItem, pod: Pod): string[] {
  if (item.type === "Pod") {
    const requests = podAmounts(pod, "requests");
    return breaches(item, { requests, limits: podAmounts(pod, "limits") });
  }
  if (item.type !== "Container") return [];
  const { containers, initContainers = [] } = pod.spec;
  return [...containers, ...initContainers].flatMap((one) => breaches(item, askedBy(one)));
}

const askedBy = ({ resources }: Pick<Container, "resources">): Asked => ({
  requests: resources?.requests ?? {},
  limits: resources?.limits ?? {},
});

export function claimBreaches(item: LimitRangeItem, { spec }: PersistentVolumeClaim): string[] {
  if (item.type !== "PersistentVolumeClaim") return [];
  const requests = spec?.resources?.requests ?? {};
  const atMost = sorted(item.max).map(([name, bound]) => {
    const what = `maximum ${name} usage per ${item.type} is ${bound}`;
    const asked = requests[name];
    if (asked === undefined) return `${what}.  No request is specified`;
    return isMore(asked, bound) && `${what}, but request is ${asked}`;
  });
  return said([...atLeast(item, { requests, limits: {} }), ...atMost]);
}

function breaches(item: LimitRangeItem, asked: Asked): string[] {
  return said([...atLeast(item, asked), ...atMost(item, asked), ...inRatio(item, asked)]);
}

type Breach = string | false;

const said = (found: readonly Breach[]) => found.filter((one) => one !== false);
const isMore = (amount: string, bound: string) => compareQuantities(amount, bound) > 0;
const sorted = (bounds: Amounts = {}) => Object.entries(bounds).sort(([a], [b]) => a < b ? -1 : 1);

function atLeast({ type, min }: LimitRangeItem, { requests, limits }: Asked): Breach[] {
  return sorted(min).map(([name, bound]) => {
    const what = `minimum ${name} usage per ${type} is ${bound}`;
    const [request, limit] = [requests[name], limits[name]];
    if (request === undefined) return `${what}.  No request is specified`;
    if (isMore(bound, request)) return `${what}, but request is ${request}`;
    return limit !== undefined && isMore(bound, limit) && `${what}, but limit is ${limit}`;
  });
}

function atMost({ type, max }: LimitRangeItem, { requests, limits }: Asked): Breach[] {
  return sorted(max).map(([name, bound]) => {
    const what = `maximum ${name} usage per ${type} is ${bound}`;
    const [request, limit] = [requests[name], limits[name]];
    if (limit === undefined) return `${what}.  No limit is specified`;
    if (isMore(limit, bound)) return `${what}, but limit is ${limit}`;
    return request !== undefined && isMore(request, bound) && `${what}, but request is ${request}`;
  });
}

function inRatio(
  { type, maxLimitRequestRatio }: LimitRangeItem,
  { requests, limits }: Asked,
): Breach[] {
  return sorted(maxLimitRequestRatio).map(([name, bound]) => {
    const what = `${name} max limit to request ratio per ${type} is ${bound}`;
    const [request, limit] = [toNumber(requests[name] ?? "0"), toNumber(limits[name] ?? "0")];
    if (request === 0) return `${what}, but no request is specified or request is 0`;
    if (limit === 0) return `${what}, but no limit is specified or limit is 0`;
    const ratio = limit / request;
    return ratio > toNumber(bound) && `${what}, but provided ratio is ${ratio.toFixed(6)}`;
  });
}
