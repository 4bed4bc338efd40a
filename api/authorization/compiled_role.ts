import type { Attributes, ResourceAttributes } from "./attributes.ts";
import { allows, type Rule } from "./rules.ts";

const NONE: readonly Rule[] = [];

/** The rules of a role by what they are about, so that a request meets those that can matter alone. */
export class CompiledRole {
  readonly #byResource = new Map<string, Rule[]>();
  readonly #ofPaths: readonly Rule[];

  constructor(readonly rules: readonly Rule[]) {
    for (const rule of rules) {
      for (const resource of new Set(rule.resources ?? [])) {
        const known = this.#byResource.get(resource);
        if (known === undefined) this.#byResource.set(resource, [rule]);
        else known.push(rule);
      }
    }
    this.#ofPaths = rules.filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0);
  }

  allows(attributes: Attributes): boolean {
    const { resource } = attributes;
    if (resource === undefined) return this.#ofPaths.some((rule) => allows(rule, attributes));
    return this.#someAllows(fullName(resource), attributes) || this.#someAllows("*", attributes) ||
      (resource.subresource !== "" && this.#someAllows(`*/${resource.subresource}`, attributes));
  }

  #someAllows(name: string, attributes: Attributes): boolean {
    for (const rule of this.#byResource.get(name) ?? NONE) {
      if (allows(rule, attributes)) return true;
    }
    return false;
  }
}

function fullName({ resource, subresource }: ResourceAttributes): string {
  return subresource === "" ? resource : `${resource}/${subresource}`;
}
