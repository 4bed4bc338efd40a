import { isJsonObject } from "../types/json.ts";

/** A name and the fields that are read below it: `self.spec.size` is ["self", "spec", "size"]. */
type Reference = readonly string[];

/** What a parsed expression reads of what it is given; variables of its own loops are not among it. */
export function referencesIn(expression: unknown): readonly Reference[] {
  const found: Reference[] = [];
  collect(expression, new Set(), found);
  return found;
}

function collect(node: unknown, own: ReadonlySet<string>, found: Reference[]): void {
  if (Array.isArray(node)) return node.forEach((one) => collect(one, own, found));
  if (!isJsonObject(node)) return;
  const reference = chainOf(node);
  if (reference !== undefined) {
    if (!own.has(reference[0]!)) found.push(reference);
    return;
  }
  const { case: kind, value } = choiceOf(node);
  if (kind === "comprehensionExpr" && isJsonObject(value)) {
    const { accuVar, iterVar, iterVar2, iterRange, accuInit, ...inside } = value;
    collect([iterRange, accuInit], own, found);
    const names = [accuVar, iterVar, iterVar2].map(String);
    return collect(Object.values(inside), new Set([...own, ...names]), found);
  }
  collect(Object.values(node), own, found);
}

/** @returns undefined for what is not a name with fields behind it */
function chainOf(node: unknown): Reference | undefined {
  const { case: kind, value } = choiceOf(node);
  if (!isJsonObject(value)) return undefined;
  if (kind === "identExpr") return [String(value["name"])];
  if (kind !== "selectExpr") return undefined;
  const before = chainOf(value["operand"]);
  return before && [...before, String(value["field"])];
}

function choiceOf(node: unknown): { readonly case?: unknown; readonly value?: unknown } {
  const choice = isJsonObject(node) ? node["exprKind"] : undefined;
  return isJsonObject(choice) ? choice : {};
}
