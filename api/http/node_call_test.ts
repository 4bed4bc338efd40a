import assert from "node:assert/strict";
import { targetOf } from "./node_call.ts";

// deno-fmt-ignore
const CASES: readonly [url: string, path: string | undefined, query?: string][] = [
  ["/api/v1/pods",                  "/api/v1/pods"],
  ["/api/v1/pods?watch=true&x=/..", "/api/v1/pods", "watch=true&x=/.."],
  ["/api/v1/pods?a=b?c",            "/api/v1/pods", "a=b?c"],
  ["/a%2Fb?x=%20",                  "/a%2Fb",       "x=%20"],
  ["/a/../b/./c",                   "/b/c"],
  ["/a/%2e%2e/b",                   "/b"],
  ["//elsewhere/a",                 "//elsewhere/a"],
  ["/a b",                          "/a%20b"],
  ["/a#b",                          "/a"],
  ["/",                             "/"],
  ["http://this/a/b?c=d",           "/a/b",         "c=d"],
  ["/a\\b",                         undefined],
  ["*",                             undefined],
  ["host:443",                      undefined],
  ["",                              undefined],
];

for (const [url, path, query = ""] of CASES) {
  Deno.test(`node call: ${JSON.stringify(url)} asks for ${path ?? "nothing"}`, () => {
    assert.deepEqual(targetOf(url), path === undefined ? undefined : { path, query });
  });
}
