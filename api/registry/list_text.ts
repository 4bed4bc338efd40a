const SHOWN_MAX = 3;

/** The first three, and how many more there are: `a,b,c + 2 more...`. Source: kube-apiserver's printers. */
export function listWithMore(items: readonly string[], none: string): string {
  if (items.length === 0) return none;
  const shown = items.slice(0, SHOWN_MAX).join(",");
  return items.length > SHOWN_MAX ? `${shown} + ${items.length - SHOWN_MAX} more...` : shown;
}
