/**
 * What the schema costs on the way of a create: microseconds per decode, default and validate of a pod of
 * about 2 KB. `deno run bench/decode.ts`
 */
import { Pod } from "../api/types/core_v1.ts";
import { decode } from "../api/types/decode.ts";
import { applyDefaults } from "../api/types/defaults.ts";
import { validateSchema } from "../api/types/validate_schema.ts";
import { managedAfterCreate, managedAfterUpdate } from "../api/registry/apply/track_update.ts";
import { measure } from "./measure.ts";
import { WEB_POD } from "./web_pod.ts";

const TEXT = JSON.stringify(WEB_POD);
const json: unknown = JSON.parse(TEXT);
const decoded = decode(Pod, json).object;
console.log(`a pod of ${TEXT.length} bytes`);
measure("JSON.parse", () => JSON.parse(TEXT));
measure("decode", () => decode(Pod, json));
measure("applyDefaults", () => applyDefaults(Pod, decoded));
measure("validateSchema", () => validateSchema(Pod, decoded));
measure("decode, default, validate", () => {
  const { object } = decode(Pod, json);
  return validateSchema(Pod, applyDefaults(Pod, object));
});
const identity = { manager: "kubectl-create", operation: "Update", apiVersion: "v1" } as const;
const now = "2026-01-01T00:00:00Z";
measure("managed fields of a create", () => managedAfterCreate(Pod, decoded, identity, now));
const live = { ...decoded, status: { phase: "Pending" } } as typeof decoded;
live.metadata = { ...live.metadata };
live.metadata.managedFields = managedAfterCreate(Pod, decoded, identity, now) as never;
const kubelet = { ...identity, manager: "kubelet", subresource: "status" };
const condition = (type: string) => ({ type, status: "True", lastTransitionTime: now });
let phase = 0;
measure("managed fields of a status", () => {
  const conditions = ["Initialized", "Ready", "ContainersReady"].map(condition);
  const status = { phase: `Running${phase++}`, podIP: "10.0.0.1", conditions };
  const next = { ...live, status } as typeof live;
  return managedAfterUpdate(Pod, { live, next, said: undefined, identity: kubelet, now });
});
