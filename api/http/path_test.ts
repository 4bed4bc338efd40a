import assert from "node:assert/strict";
import { resourcePath, segmentsOf } from "./path.ts";

type Row = readonly [path: string, want: string | undefined];

/** `group/version namespace resource/name/subresource` and `watch`, `-` for what is absent. */
const CASES: readonly Row[] = [
  ["/api/v1/pods", "/v1 - pods//"],
  ["/api/v1/namespaces/default/pods", "/v1 default pods//"],
  ["/api/v1/namespaces/default/pods/web/", "/v1 default pods/web/"],
  ["/api/v1/namespaces/default/pods/web/log", "/v1 default pods/web/log"],
  ["/api/v1/namespaces", "/v1 - namespaces//"],
  ["/api/v1/namespaces/default", "/v1 - namespaces/default/"],
  ["/api/v1/namespaces/default/finalize", "/v1 - namespaces/default/finalize"],
  ["/api/v1/namespaces/default/status", "/v1 - namespaces/default/status"],
  ["/api/v1/nodes/n1/status", "/v1 - nodes/n1/status"],
  ["/apis/apps/v1/namespaces/x/deployments/web/scale", "apps/v1 x deployments/web/scale"],
  ["/api/v1/watch/namespaces/default/pods/web", "/v1 default pods/web/ watch"],
  ["/api/v1/watch/nodes", "/v1 - nodes// watch"],
  ["/api/v1/nodes/a%2Fb", "/v1 - nodes/a/b/"],
  ["/api/v1", undefined],
  ["/apis/apps", undefined],
  ["/api/v1//pods", undefined],
  ["/api/v1/namespaces/x/pods/web/log/more", undefined],
  ["/api/v1/namespaces/x/pods/web:80/proxy/a//b/", "/v1 x pods/web:80/proxy"],
  ["/api/v1/namespaces/x/pods//proxy/a", undefined],
  ["/api/v1/nodes/n1/proxy", "/v1 - nodes/n1/proxy"],
  ["/api/v1/proxy/namespaces/x/services/web/a//b", "/v1 x services/web/proxy"],
  ["/api/v1/proxy/nodes/n1", "/v1 - nodes/n1/proxy"],
  ["/api/v1/proxy/nodes", undefined],
  ["/healthz", undefined],
];

for (const [path, want] of CASES) {
  Deno.test(`path: ${path}`, () => {
    const found = resourcePath(segmentsOf(path));
    const { group, version, namespace, resource, name, subresource, isWatch } = found ?? {};
    const text = found && `${group}/${version} ${namespace ?? "-"} ` +
        `${resource}/${name}/${subresource}${isWatch ? " watch" : ""}`;
    assert.equal(text, want);
  });
}

Deno.test("path: a wrong escape is the client's mistake", () => {
  assert.throws(() => segmentsOf("/api/v1/%zz"), { reason: "BadRequest" });
});
