import assert from "node:assert/strict";
import { locationBehind } from "./proxy_headers.ts";

const PREFIX = "/api/v1/namespaces/x/pods/web/proxy";
const HOSTS = new Set(["api:6443", "10.1.0.2:80"]);

// deno-fmt-ignore
const LOCATIONS: readonly (readonly [location: string, want: string])[] = [
  ["/login",                    `${PREFIX}/login`],
  ["/",                         `${PREFIX}/`],
  ["http://10.1.0.2:80/a?b=c",  `${PREFIX}/a?b=c`],
  ["http://api:6443/a",         `${PREFIX}/a`],
  ["//10.1.0.2:80",             `${PREFIX}/`],
  [`${PREFIX}/a`,               `${PREFIX}/a`],
  ["http://elsewhere/a",        "http://elsewhere/a"],
  ["below",                     "below"],
  ["",                          ""],
];
for (const [location, want] of LOCATIONS) {
  Deno.test(`proxy: a redirect to ${location || "nowhere"} leads to ${want || "nowhere"}`, () => {
    assert.equal(locationBehind(location, PREFIX, HOSTS), want);
  });
}
