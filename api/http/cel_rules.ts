import { referencesIn } from "./cel_references.ts";
import type { RuleEngine, Rules } from "../registry/structural/rules.ts";

/** Rules in CEL, by a library that is loaded when the first object must keep some. */
export class CelRules implements Rules {
  engine: RuleEngine | undefined;
  #loading: Promise<void> | undefined;

  ready(): Promise<void> {
    return this.#loading ??= this.#load();
  }

  async #load(): Promise<void> {
    const { celEnv, isCelError, parse, plan } = await import("@bufbuild/cel");
    const { strings } = await import("@bufbuild/cel/ext");
    const env = celEnv({ funcs: [...strings] });
    this.engine = {
      referencesIn: (expression) => referencesIn(parse(expression).expr),
      compile(expression) {
        const evaluate = plan(env, parse(expression));
        return (names) => {
          const result = evaluate(names as Parameters<typeof evaluate>[0]);
          if (isCelError(result)) throw new Error(result.message);
          return result;
        };
      },
    };
  }
}
