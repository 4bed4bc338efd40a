import { isJsonObject } from "../types/json.ts";
import { type AuditLevel, type AuditRule, type GroupResources, LEVELS } from "./policy.ts";

const LISTS = ["users", "userGroups", "verbs", "namespaces", "nonResourceURLs"] as const;
const KNOWN: ReadonlySet<string> = new Set([...LISTS, "level", "resources", "omitStages"]);

/**
 * Rules of a policy as a file has it: `{ kind: Policy, rules: [...] }`.
 * @throws {RangeError} that names the field
 */
export function readAuditPolicy(json: unknown): readonly AuditRule[] {
  if (!isJsonObject(json) || json["kind"] !== "Policy") throw wrong("kind", "must be Policy");
  const { rules } = json;
  if (!Array.isArray(rules) || rules.length === 0) throw wrong("rules", "at least one is needed");
  return rules.map((rule, i) => readRule(rule, `rules[${i}]`));
}

function readRule(json: unknown, path: string): AuditRule {
  if (!isJsonObject(json)) throw wrong(path, "must be an object");
  const unknown = Object.keys(json).find((field) => !KNOWN.has(field));
  if (unknown !== undefined) throw wrong(`${path}.${unknown}`, "is not known");
  const level = json["level"];
  if (!isLevel(level)) throw wrong(`${path}.level`, `must be one of ${LEVELS.join(", ")}`);
  const lists = LISTS.filter((field) => json[field] !== undefined)
    .map((field) => [field, readTexts(json[field], `${path}.${field}`)]);
  const { resources } = json;
  return {
    level,
    ...Object.fromEntries(lists),
    ...(resources !== undefined && { resources: readResources(resources, `${path}.resources`) }),
  };
}

function isLevel(value: unknown): value is AuditLevel {
  return LEVELS.some((level) => level === value);
}

function readResources(json: unknown, path: string): GroupResources[] {
  if (!Array.isArray(json)) throw wrong(path, "must be a list");
  return json.map((one: unknown, i) => {
    const here = `${path}[${i}]`;
    if (!isJsonObject(one)) throw wrong(here, "must be an object");
    const { group = "", resources, resourceNames } = one;
    if (typeof group !== "string") throw wrong(`${here}.group`, "must be text");
    return {
      group,
      ...(resources !== undefined && { resources: readTexts(resources, `${here}.resources`) }),
      ...(resourceNames !== undefined &&
        { resourceNames: readTexts(resourceNames, `${here}.resourceNames`) }),
    };
  });
}

function readTexts(json: unknown, path: string): string[] {
  if (Array.isArray(json) && json.every((one) => typeof one === "string")) return json;
  throw wrong(path, "must be a list of texts");
}

const wrong = (path: string, why: string) => new RangeError(`the audit policy's ${path} ${why}`);
