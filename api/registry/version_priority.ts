const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const STAGES = ["alpha", "beta", undefined];

/**
 * Order of preference: v10, v2, v1, v2beta1, v1beta2, v1alpha1, and then whatever is named otherwise, by name.
 * Source: apimachinery, version.CompareKubeAwareVersionStrings
 */
export function byVersionPriority(a: string, b: string): number {
  const [one, other] = [VERSION.exec(a), VERSION.exec(b)];
  if (one === null || other === null) {
    if (one === null && other === null) return a < b ? -1 : a > b ? 1 : 0;
    return one === null ? 1 : -1;
  }
  const stage = (found: RegExpExecArray) => STAGES.indexOf(found[2]);
  return stage(other) - stage(one) || Number(other[1]) - Number(one[1]) ||
    Number(other[3] ?? 0) - Number(one[3] ?? 0);
}
