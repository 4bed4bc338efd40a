/** Sets of completion indexes as a job's status shows them: `0,2-4`. */
import type { Pod } from "../../api/types/core_v1.ts";

export const COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index";

/** The index that a pod works on; undefined for a pod without. */
export function indexOf({ metadata }: Readonly<Pod>): number | undefined {
  const text = metadata.annotations?.[COMPLETION_INDEX] ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** What is no number or range counts as nothing. */
export function indexesIn(text: string | undefined): Set<number> {
  const indexes = new Set<number>();
  for (const part of (text ?? "").split(",")) {
    const [, first, last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part) ?? [];
    if (first === undefined) continue;
    for (let index = Number(first); index <= Number(last); index += 1) indexes.add(index);
  }
  return indexes;
}

/** Two that follow each other are written apart, more as a range. Source: Kubernetes, orderedIntervals. */
export function textOfIndexes(indexes: ReadonlySet<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length;) {
    const first = sorted[i]!;
    let last = first;
    while (sorted[i + 1] === last + 1) last = sorted[i += 1]!;
    i += 1;
    if (last === first) parts.push(`${first}`);
    else parts.push(last === first + 1 ? `${first},${last}` : `${first}-${last}`);
  }
  return parts.join(",");
}
