/** JSON merge patch. Source: RFC 7386. */
export function mergePatch(have: unknown, patch: unknown): unknown {
  return merged(have, patch, (_, items) => items);
}

/** Fields by which the lists are merged that components patch; other lists are replaced. */
const MERGE_KEY: Readonly<Record<string, string>> = { conditions: "type", ownerReferences: "uid" };

/** As much of a strategic merge patch as components send: lists of `MERGE_KEY` are merged by item. */
export function strategicPatch(have: unknown, patch: unknown): unknown {
  return merged(have, patch, (name, items, old) => {
    const key = MERGE_KEY[name];
    if (key === undefined || !Array.isArray(old)) return items;
    return mergedItems(old, items, key);
  });
}

type MergeList = (name: string, items: unknown[], old: unknown) => unknown[];

function merged(have: unknown, patch: unknown, mergeList: MergeList): unknown {
  if (!isMap(patch)) return patch;
  const result: Record<string, unknown> = isMap(have) ? { ...have } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else if (Array.isArray(value)) result[name] = mergeList(name, value, result[name]);
    else result[name] = merged(result[name], value, mergeList);
  }
  return result;
}

function mergedItems(old: unknown[], items: unknown[], key: string): unknown[] {
  const result = [...old];
  for (const item of items) {
    const id = (item as Record<string, unknown>)[key];
    const place = result.findIndex((other) => (other as Record<string, unknown>)[key] === id);
    if (place < 0) result.push(item);
    else result[place] = strategicPatch(result[place], item);
  }
  return result;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
