/**
 * Rules for names, each as reasons why a text breaks it: [] when it fits. Words and patterns are Kubernetes's.
 * Source: k8s.io/apimachinery/pkg/util/validation.
 */
interface Rule {
  readonly pattern: string;
  readonly lengthMax: number;
  readonly words: string;
  readonly examples: readonly string[];
}

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const ENDS = "and must start and end with an alphanumeric character";

/** `web-1.example`: objects of most kinds. */
export const dnsSubdomain = ruleOf({
  pattern: `${LABEL}(\\.${LABEL})*`,
  lengthMax: 253,
  words:
    `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ${ENDS}`,
  examples: ["example.com"],
});

/** `web-1`: namespaces, containers, volumes. */
export const dnsLabel = ruleOf({
  pattern: LABEL,
  lengthMax: 63,
  words:
    `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ${ENDS}`,
  examples: ["my-name", "123-abc"],
});

/** `web-1`, beginning with a letter: services. */
export const dns1035Label = ruleOf({
  pattern: "[a-z]([-a-z0-9]*[a-z0-9])?",
  lengthMax: 63,
  words:
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  examples: ["my-name", "abc-123"],
});

export const labelValue = ruleOf({
  pattern: `(${QUALIFIED})?`,
  lengthMax: 63,
  words:
    `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${ENDS}`,
  examples: ["MyValue", "my_value", "12345"],
});

const namePart = ruleOf({
  pattern: QUALIFIED,
  lengthMax: 63,
  words: `must consist of alphanumeric characters, '-', '_' or '.', ${ENDS}`,
  examples: ["MyName", "my.name", "123-abc"],
});

/** `name` or `example.com/name`: keys of labels and annotations, finalizers. */
export function qualifiedName(text: string): string[] {
  const parts = text.split("/");
  const [prefix, name] = parts.length === 1 ? [undefined, text] : [parts[0], parts[1] ?? ""];
  if (parts.length > 2) {
    const words =
      `a qualified name must consist of alphanumeric characters, '-', '_' or '.', ${ENDS}`;
    const whole = explain({
      words,
      examples: ["MyName", "my.name", "123-abc"],
      pattern: QUALIFIED,
    });
    return [`${whole} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const wrong: string[] = [];
  if (prefix === "") wrong.push("prefix part must be non-empty");
  else if (prefix !== undefined) {
    wrong.push(...dnsSubdomain(prefix).map((why) => `prefix part ${why}`));
  }
  if (name === "") wrong.push("name part must be non-empty");
  return name === "" ? wrong : [...wrong, ...namePart(name).map((why) => `name part ${why}`)];
}

function ruleOf(rule: Rule): (text: string) => string[] {
  const pattern = new RegExp(`^${rule.pattern}$`);
  return (text) => {
    const wrong: string[] = [];
    if (text.length > rule.lengthMax) wrong.push(`must be no more than ${rule.lengthMax} bytes`);
    if (!pattern.test(text)) wrong.push(explain(rule));
    return wrong;
  };
}

function explain({ words, examples, pattern }: Omit<Rule, "lengthMax">): string {
  const shown = examples.map((example) => `'${example}', `).join(" or ");
  return `${words} (e.g. ${shown}regex used for validation is '${pattern}')`;
}
