import type { Container, Pod } from "./core_v1.ts";
import { addQuantities, compareQuantities } from "./quantity.ts";

/** Quantities by the name of the resource. */
export type Amounts = Readonly<Record<string, string>>;

/** What a pod asks for, or may use at the most: its containers together, or an init container that needs more. */
export function podAmounts({ spec }: Pick<Pod, "spec">, what: "requests" | "limits"): Amounts {
  const of = ({ resources }: Container): Amounts => resources?.[what] ?? {};
  let together: Amounts = {};
  let peak: Amounts = {};
  for (const container of (spec.initContainers ?? []) as readonly Container[]) {
    if (container.restartPolicy === "Always") together = plus(together, of(container));
    else peak = larger(peak, plus(together, of(container)));
  }
  for (const container of spec.containers) together = plus(together, of(container));
  const all = larger(together, peak);
  const { overhead = {} } = spec;
  if (what === "requests") return plus(all, overhead);
  const limited = Object.entries(overhead).filter(([name]) => all[name] !== undefined);
  return plus(all, Object.fromEntries(limited));
}

export function plus(a: Amounts, b: Amounts): Amounts {
  const sum: Record<string, string> = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    sum[name] = addQuantities(sum[name] ?? "0", amount);
  }
  return sum;
}

function larger(a: Amounts, b: Amounts): Amounts {
  const most: Record<string, string> = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    if (compareQuantities(amount, most[name] ?? "0") >= 0) most[name] = amount;
  }
  return most;
}
