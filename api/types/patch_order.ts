interface Orders {
  /** What the patch says of the order. */
  readonly first: readonly unknown[];
  /** The list before the patch. */
  readonly server: readonly unknown[];
  /** What tells two items from each other: the value of the merge key, or a scalar itself. */
  idOf(item: unknown): unknown;
}

/**
 * Items that the patch names come in its order; the others keep theirs and stand before the first named item
 * that was behind them on the server. Source: k8s.io/apimachinery, strategicpatch.normalizeElementOrder.
 */
export function inServerOrder(
  items: readonly unknown[],
  { first, server, idOf }: Orders,
): unknown[] {
  const wanted = ranks(first, idOf);
  const was = ranks(server, idOf);
  const rank = (order: ReadonlyMap<unknown, number>) => (a: unknown, b: unknown) =>
    (order.get(idOf(a)) ?? Infinity) - (order.get(idOf(b)) ?? Infinity) || 0;
  const named = items.filter((item) => wanted.has(idOf(item))).toSorted(rank(wanted));
  const others = items.filter((item) => !wanted.has(idOf(item))).toSorted(rank(was));
  const isBefore = (a: unknown, b: unknown) =>
    (was.get(idOf(a)) ?? Infinity) < (was.get(idOf(b)) ?? -1);
  const merged: unknown[] = [];
  let next = 0;
  for (const item of named) {
    while (next < others.length && isBefore(others[next], item)) merged.push(others[next++]);
    merged.push(item);
  }
  return [...merged, ...others.slice(next)];
}

/** Where each item stands; the first of equals counts. */
export function ranks(items: readonly unknown[], idOf: Orders["idOf"]): Map<unknown, number> {
  const found = new Map<unknown, number>();
  items.forEach((item, i) => found.has(idOf(item)) || found.set(idOf(item), i));
  return found;
}
