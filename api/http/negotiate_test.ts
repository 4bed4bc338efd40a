import assert from "node:assert/strict";
import { objectFormat } from "./negotiate.ts";

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

const CASES: readonly [accept: string | null, want: string][] = [
  [null, "json"],
  ["*/*", "json"],
  ["application/json, */*", "json"],
  [`${TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`, "table"],
  ["application/json; as=Table; g=meta.k8s.io; v=v1", "table"],
  ["application/json;as=Table;v=v9;g=meta.k8s.io,application/json", "json"],
  ["application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "partial"],
  ["application/vnd.kubernetes.protobuf,application/json", "protobuf"],
  ["application/vnd.kubernetes.protobuf, */*", "protobuf"],
  ["application/json,application/vnd.kubernetes.protobuf", "json"],
  ["application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1,application/json", "json"],
  [
    "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    "protobuf partial",
  ],
];

for (const [accept, want] of CASES) {
  Deno.test(`negotiate: ${accept} is ${want}`, () => assert.equal(objectFormat(accept), want));
}

Deno.test("negotiate: nothing that is spoken is NotAcceptable", () => {
  assert.throws(() => objectFormat("text/html"), { reason: "NotAcceptable" });
});
