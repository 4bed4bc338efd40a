import { isJsonObject, type JsonObject, setOwn } from "../../types/json.ts";
import type { AnySchema, ListSchema } from "../../types/schema.ts";
import { itemStep, ownershipOf, schemaBelow } from "./ownership.ts";

/**
 * A configuration laid over the live object: what it names is so afterwards, what it leaves out stays.
 * @returns a value that shares parts with both
 * Source: structured-merge-diff, typed/merge.go
 */
export function mergeApplied(schema: AnySchema, live: unknown, config: unknown): unknown {
  if (config === undefined) return live;
  if (live === undefined || live === null) return config;
  const ownership = ownershipOf(schema, config);
  if (ownership === "fields" && isJsonObject(live) && isJsonObject(config)) {
    return mergeFields(schema, live, config);
  }
  if (ownership === "items" && Array.isArray(live) && Array.isArray(config)) {
    return mergeItems(schema as ListSchema, live, config);
  }
  return config;
}

function mergeFields(schema: AnySchema, live: JsonObject, config: JsonObject): JsonObject {
  const merged = { ...live };
  for (const [name, value] of Object.entries(config)) {
    const before = Object.hasOwn(live, name) ? live[name] : undefined;
    setOwn(merged, name, mergeApplied(schemaBelow(schema, name), before, value));
  }
  return merged;
}

/**
 * Items of the configuration come in its order. Those of others keep theirs, and stand before the item of the
 * configuration that they stood before on the server.
 */
function mergeItems(
  schema: ListSchema,
  live: readonly unknown[],
  config: readonly unknown[],
): unknown[] {
  const liveSteps = live.map((item) => itemStep(schema, item));
  const steps = config.map((item) => itemStep(schema, item));
  const inConfig = new Set(steps);
  const found = onlyOnes(live, liveSteps);
  const shared = steps.filter((step) => found.has(step));
  const merged: unknown[] = [];
  const done = new Set<string | undefined>();
  const take = (i: number) => {
    const step = steps[i];
    merged.push(mergeApplied(schema.item, found.get(step), config[i]));
    done.add(step);
    if (shared[0] === step) shared.shift();
  };
  let [at, next] = [0, 0];
  while (at < live.length || next < config.length) {
    const step = liveSteps[at];
    if (at < live.length && next < config.length) {
      if (step === steps[next]) {
        take(next++);
        at += 1;
        continue;
      }
      const isLater = inConfig.has(step) && shared.length > 0 && shared[0] !== step;
      if (isLater) {
        at += 1;
        continue;
      }
    }
    if (at < live.length && !inConfig.has(step)) {
      merged.push(live[at++]);
      continue;
    }
    if (at < live.length && done.has(step)) at += 1;
    if (next < config.length) take(next++);
  }
  return merged;
}

/** Items whose step comes once: of those that come twice none is the one that is meant. */
function onlyOnes(
  items: readonly unknown[],
  steps: readonly (string | undefined)[],
): Map<string | undefined, unknown> {
  const found = new Map<string | undefined, unknown>();
  const isTwice = new Set<string | undefined>();
  items.forEach((item, i) => {
    if (found.has(steps[i])) isTwice.add(steps[i]);
    found.set(steps[i], item);
  });
  for (const step of isTwice) found.set(step, undefined);
  return found;
}
