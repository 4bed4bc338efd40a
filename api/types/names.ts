/**
 * The forms of names, in Kubernetes's words. Each function returns why the text is wrong, [] when it is right.
 * Source: k8s.io/apimachinery, util/validation.
 */

/** Longest name of an object. */
const SUBDOMAIN_MAX = 253;
/** Longest label of DNS, name part of a key and value of a label. */
const LABEL_MAX = 63;
const PORT_NAME_MAX = 15;

interface Form {
  readonly pattern: string;
  readonly regexp: RegExp;
  readonly says: string;
  readonly examples: readonly string[];
}

const DNS_1123 = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

const DNS_1123_LABEL = form(
  DNS_1123,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', " +
    "and must start and end with an alphanumeric character",
  ["my-name", "123-abc"],
);
const DNS_1123_SUBDOMAIN = form(
  `${DNS_1123}(\\.${DNS_1123})*`,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', " +
    "and must start and end with an alphanumeric character",
  ["example.com"],
);
const DNS_1035_LABEL = form(
  "[a-z]([-a-z0-9]*[a-z0-9])?",
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', " +
    "start with an alphabetic character, and end with an alphanumeric character",
  ["my-name", "abc-123"],
);
const QUALIFIED_NAME = form(
  QUALIFIED,
  "must consist of alphanumeric characters, '-', '_' or '.', " +
    "and must start and end with an alphanumeric character",
  ["MyName", "my.name", "123-abc"],
);
const LABEL_VALUE = form(
  `(${QUALIFIED})?`,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', " +
    "and must start and end with an alphanumeric character",
  ["MyValue", "my_value", "12345"],
);
const CONFIG_MAP_KEY = form(
  "[-._a-zA-Z0-9]+",
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  ["key.name", "KEY_NAME", "key-name"],
);

/** Names of containers, volumes and namespaces. */
export function validateDns1123Label(value: string): string[] {
  return check(value, DNS_1123_LABEL, LABEL_MAX);
}

/** Names of most objects. */
export function validateDns1123Subdomain(value: string): string[] {
  return check(value, DNS_1123_SUBDOMAIN, SUBDOMAIN_MAX);
}

/** Names of services. */
export function validateDns1035Label(value: string): string[] {
  return check(value, DNS_1035_LABEL, LABEL_MAX);
}

/** Keys of labels, annotations, taints and extended resources: an optional subdomain, `/` and a name. */
export function validateQualifiedName(value: string): string[] {
  if (value.length <= LABEL_MAX && QUALIFIED_NAME.regexp.test(value)) return []; // as nearly all are
  const parts = value.split("/");
  if (parts.length > 2) {
    const words = wrongForm(QUALIFIED_NAME);
    return [
      `a qualified name ${words} with an optional DNS subdomain prefix and '/' ` +
      `(e.g. 'example.com/MyName')`,
    ];
  }
  const [prefix, name] = parts.length === 2 ? [parts[0]!, parts[1]!] : [undefined, value];
  const ofPrefix = prefix === undefined
    ? []
    : prefix === ""
    ? [EMPTY]
    : validateDns1123Subdomain(prefix);
  return [
    ...ofPrefix.map((reason) => `prefix part ${reason}`),
    ...(name === "" ? [EMPTY] : []).map((reason) => `name part ${reason}`),
    ...check(name, QUALIFIED_NAME, LABEL_MAX).map((reason) => `name part ${reason}`),
  ];
}

export function validateLabelValue(value: string): string[] {
  return check(value, LABEL_VALUE, LABEL_MAX);
}

/** Keys of ConfigMaps and Secrets: they become names of files. */
export function validateConfigMapKey(value: string): string[] {
  return [...check(value, CONFIG_MAP_KEY, SUBDOMAIN_MAX), ...pathLike(value)];
}

/** Names of container ports: IANA service names. */
export function validatePortName(value: string): string[] {
  const reasons: string[] = [];
  if (value.length > PORT_NAME_MAX) reasons.push(tooLong(PORT_NAME_MAX));
  if (!/^[-a-z0-9]+$/.test(value)) {
    reasons.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(value)) reasons.push("must contain at least one letter (a-z)");
  if (value.includes("--")) reasons.push("must not contain consecutive hyphens");
  if (value.startsWith("-") || value.endsWith("-")) {
    reasons.push("must not begin or end with a hyphen");
  }
  return reasons;
}

export function validatePortNumber(port: number): string[] {
  const isPort = Number.isInteger(port) && port >= 1 && port <= 65535;
  return isPort ? [] : ["must be between 1 and 65535, inclusive"];
}

const EMPTY = "must be non-empty";
const tooLong = (max: number) => `must be no more than ${max} characters`;

function check(value: string, wanted: Form, max = Infinity): string[] {
  const reasons: string[] = [];
  if (value.length > max) reasons.push(tooLong(max));
  if (!wanted.regexp.test(value)) reasons.push(wrongForm(wanted));
  return reasons;
}

function wrongForm({ says, examples, pattern }: Form): string {
  const named = examples.map((example) => `'${example}', `).join(" or ");
  return `${says} (e.g. ${named}regex used for validation is '${pattern}')`;
}

function pathLike(value: string): string[] {
  if (value === ".") return ["must not be '.'"];
  if (value === "..") return ["must not be '..'"];
  return value.startsWith("..") ? ["must not start with '..'"] : [];
}

function form(pattern: string, says: string, examples: readonly string[]): Form {
  return { pattern, regexp: new RegExp(`^${pattern}$`), says, examples };
}
