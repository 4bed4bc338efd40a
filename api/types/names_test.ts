import assert from "node:assert/strict";
import * as names from "./names.ts";

const long = (length: number) => "a".repeat(length);
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const KEY =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

// deno-fmt-ignore
const CASES: { rule: (value: string) => string[]; value: string; want: string[] }[] = [
  { rule: names.validateDns1123Label,     value: "web-1",           want: [] },
  { rule: names.validateDns1123Label,     value: "1web",            want: [] },
  { rule: names.validateDns1123Label,     value: "Web",             want: [LABEL] },
  { rule: names.validateDns1123Label,     value: "web-",            want: [LABEL] },
  { rule: names.validateDns1123Label,     value: "a.b",             want: [LABEL] },
  { rule: names.validateDns1123Label,     value: "web\n",           want: [LABEL] },
  { rule: names.validateDns1123Label,     value: "",                want: [LABEL] },
  { rule: names.validateDns1123Label,     value: long(63),          want: [] },
  { rule: names.validateDns1123Label,     value: long(64),          want: ["must be no more than 63 characters"] },
  { rule: names.validateDns1123Subdomain, value: "a.b-c.d",         want: [] },
  { rule: names.validateDns1123Subdomain, value: "a..b",            want: [SUBDOMAIN] },
  { rule: names.validateDns1123Subdomain, value: "a_b",             want: [SUBDOMAIN] },
  { rule: names.validateDns1123Subdomain, value: long(254),         want: ["must be no more than 253 characters"] },
  { rule: names.validateDns1035Label,     value: "web",             want: [] },
  { rule: names.validateDns1035Label,     value: "1web",            want: [LABEL_1035] },
  { rule: names.validateQualifiedName,    value: "app",             want: [] },
  { rule: names.validateQualifiedName,    value: "example.com/App", want: [] },
  { rule: names.validateQualifiedName,    value: "a b",             want: [`name part ${QUALIFIED}`] },
  { rule: names.validateQualifiedName,    value: "",                want: ["name part must be non-empty", `name part ${QUALIFIED}`] },
  { rule: names.validateQualifiedName,    value: "/app",            want: ["prefix part must be non-empty"] },
  { rule: names.validateQualifiedName,    value: "A/app",           want: [`prefix part ${SUBDOMAIN}`] },
  { rule: names.validateQualifiedName,    value: "a/b/c",           want: [`a qualified name ${QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`] },
  { rule: names.validateQualifiedName,    value: long(64),          want: ["name part must be no more than 63 characters"] },
  { rule: names.validateLabelValue,       value: "",                want: [] },
  { rule: names.validateLabelValue,       value: "My_value.1",      want: [] },
  { rule: names.validateLabelValue,       value: "-a",              want: [VALUE] },
  { rule: names.validateConfigMapKey,     value: "app.conf",        want: [] },
  { rule: names.validateConfigMapKey,     value: "..",              want: ["must not be '..'"] },
  { rule: names.validateConfigMapKey,     value: ".",               want: ["must not be '.'"] },
  { rule: names.validateConfigMapKey,     value: "a/b",             want: [KEY] },
  { rule: names.validatePortName,         value: "http-2",          want: [] },
  { rule: names.validatePortName,         value: "80",              want: ["must contain at least one letter (a-z)"] },
  { rule: names.validatePortName,         value: "a--b",            want: ["must not contain consecutive hyphens"] },
  { rule: names.validatePortName,         value: "-a",              want: ["must not begin or end with a hyphen"] },
  { rule: names.validatePortName,         value: "HTTP",            want: ["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)", "must contain at least one letter (a-z)"] },
  { rule: names.validatePortName,         value: long(16),          want: ["must be no more than 15 characters"] },
];

for (const { rule, value, want } of CASES) {
  Deno.test(`${rule.name}: ${JSON.stringify(value).slice(0, 40)}`, () => {
    assert.deepEqual(rule(value), want);
  });
}

Deno.test("validatePortNumber: 1 to 65535", () => {
  assert.deepEqual([1, 65535].flatMap(names.validatePortNumber), []);
  for (const port of [0, 65536, -1, 1.5, NaN]) {
    assert.deepEqual(names.validatePortNumber(port), ["must be between 1 and 65535, inclusive"]);
  }
});
