import assert from "node:assert/strict";
import { dns1035Label, dnsLabel, dnsSubdomain, labelValue, qualifiedName } from "./names.ts";

const CASES: readonly [
  name: string,
  rule: (text: string) => string[],
  text: string,
  fits: boolean,
][] = [
  ["subdomain", dnsSubdomain, "web-1.example", true],
  ["subdomain", dnsSubdomain, "Web", false],
  ["subdomain", dnsSubdomain, "a..b", false],
  ["subdomain", dnsSubdomain, "", false],
  ["subdomain", dnsSubdomain, "a".repeat(254), false],
  ["label", dnsLabel, "1web", true],
  ["label", dnsLabel, "a.b", false],
  ["1035 label", dns1035Label, "1web", false],
  ["label value", labelValue, "", true],
  ["label value", labelValue, "-x", false],
  ["qualified name", qualifiedName, "example.com/App_1", true],
  ["qualified name", qualifiedName, "/app", false],
  ["qualified name", qualifiedName, "a/b/c", false],
  ["qualified name", qualifiedName, "", false],
];

for (const [name, rule, text, fits] of CASES) {
  const verb = fits ? "takes" : "refuses";
  Deno.test(`names: ${name} ${verb} ${JSON.stringify(text.slice(0, 20))}`, () => {
    assert.equal(rule(text).length === 0, fits);
  });
}

Deno.test("names: the reason is Kubernetes's", () => {
  assert.deepEqual(dnsLabel("A"), [
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ]);
});
