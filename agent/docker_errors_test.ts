import assert from "node:assert/strict";
import { runtimeError } from "./docker_errors.ts";
import type { RuntimeFailure } from "./runtime.ts";

const SHIM =
  "failed to create shim: OCI runtime create failed: runc create failed: unable to start";
const DIAL = 'connection error: desc = "transport: Error while dialing: dial unix: timeout"';

// deno-fmt-ignore
const CASES: readonly { name: string; error: object; want: RuntimeFailure }[] = [
  { name: "no socket",                    error: { code: "ENOENT" },                                              want: "Unavailable" },
  { name: "a socket of nobody",           error: { code: "ECONNREFUSED" },                                        want: "Unavailable" },
  { name: "a connection that is cut",     error: { code: "ECONNRESET", message: "socket hang up" },               want: "Unavailable" },
  { name: "one that was cut before",      error: { code: "EPIPE" },                                               want: "Unavailable" },
  { name: "containerd let go of",         error: says(500, "grpc: the client connection is closing: context canceled"), want: "Unavailable" },
  { name: "containerd gone meanwhile",    error: says(500, "transport is closing: unavailable"),                  want: "Unavailable" },
  { name: "containerd gone before",       error: says(500, `${DIAL}: unavailable`),                               want: "Unavailable" },
  { name: "a request given up",           error: says(500, "context canceled"),                                   want: "Unavailable" },
  { name: "gRPC's own words",             error: says(500, "rpc error: code = Unavailable desc = EOF"),           want: "Unavailable" },
  { name: "a program that lacks",         error: says(400, `${SHIM} container process: exec: "x": no such file or directory: unknown`), want: "Failed" },
  { name: "a program with such a name",   error: says(400, `${SHIM} container process: exec: "x: unavailable": no such file or directory: unknown`), want: "Failed" },
  { name: "no such container",            error: says(404, "No such container: x"),                               want: "NoSuchContainer" },
  { name: "a name that is taken",         error: says(409, "Conflict. The container name is already in use"),     want: "NameTaken" },
  { name: "a container that has ended",   error: says(409, "Container x is not running"),                         want: "NotRunning" },
];

for (const { name, error, want } of CASES) {
  Deno.test(`DockerRuntime: ${name} is ${want}`, () => {
    assert.equal(runtimeError(error).reason, want);
  });
}

/** As the client library has it. */
function says(statusCode: number, text: string): object {
  return {
    statusCode,
    json: { message: text },
    message: `(HTTP code ${statusCode}) reason - ${text} `,
  };
}
