/**
 * What protobuf costs beside JSON: microseconds for a pod of about 2 KB each way. `deno run bench/protobuf.ts`
 */
import { Pod } from "../api/types/core_v1.ts";
import { decode } from "../api/types/decode.ts";
import { decodeProtobuf, encodeProtobuf } from "../api/types/protobuf.ts";
import { measure } from "./measure.ts";
import { WEB_POD } from "./web_pod.ts";

const { metadata, spec } = WEB_POD;
const POD = decode(Pod, {
  metadata: { ...metadata, creationTimestamp: "2024-02-29T23:59:59Z" },
  spec,
  status: { phase: "Running", podIP: "10.0.0.7", startTime: "2024-03-01T00:00:01Z" },
}).object;

const text = JSON.stringify(POD);
const wire = encodeProtobuf(Pod, POD);
console.log(`a pod of ${text.length} bytes of JSON, ${wire.length} of protobuf`);
measure("JSON.parse", () => JSON.parse(text));
measure("decodeProtobuf", () => decodeProtobuf(Pod, wire));
measure("JSON.stringify", () => JSON.stringify(POD));
measure("encodeProtobuf", () => encodeProtobuf(Pod, POD));
