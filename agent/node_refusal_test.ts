import assert from "node:assert/strict";
import type { PodSpec } from "../api/types/core_v1.ts";
import { refusalByNode } from "./node_refusal.ts";
import { podWith } from "./pod_fixtures.ts";

const sysctl = (name: string, spec: Partial<PodSpec> = {}): Partial<PodSpec> => ({
  ...spec,
  securityContext: { sysctls: [{ name, value: "1" }] },
});
const forbidden = (text: string) => `SysctlForbidden: Pod was rejected: forbidden sysctl: ${text}`;

// deno-fmt-ignore
const REFUSALS: readonly { name: string; spec: Partial<PodSpec>; allowed?: string[]; want: string }[] = [
  { name: "a safe one",                  spec: sysctl("net.ipv4.tcp_syncookies"),                             want: "" },
  { name: "a safe one as a path",        spec: sysctl("net/ipv4/tcp_syncookies"),                             want: "" },
  { name: "an unsafe one",               spec: sysctl("kernel.msgmax"),                                       want: forbidden('"kernel.msgmax" not allowlisted') },
  { name: "an unsafe one, allowed",      spec: sysctl("kernel.msgmax"), allowed: ["kernel.msg*"],             want: "" },
  { name: "another one, allowed",        spec: sysctl("kernel.msgmax"), allowed: ["kernel.msgmnb"],           want: forbidden('"kernel.msgmax" not allowlisted') },
  { name: "the node's network",          spec: sysctl("net.ipv4.tcp_syncookies", { hostNetwork: true }),      want: forbidden('"net.ipv4.tcp_syncookies" not allowed with host net enabled') },
  { name: "the node's shared memory",    spec: sysctl("kernel.shm_rmid_forced", { hostIPC: true }),           want: forbidden('"kernel.shm_rmid_forced" not allowed with host ipc enabled') },
  { name: "AppArmor where there is none", spec: { securityContext: { appArmorProfile: { type: "RuntimeDefault" } } }, want: "AppArmor: Pod was rejected: Cannot enforce AppArmor: AppArmor is not enabled on the host" },
  { name: "AppArmor switched off",       spec: { securityContext: { appArmorProfile: { type: "Unconfined" } } }, want: "" },
];
for (const { name, spec, allowed = [], want } of REFUSALS) {
  Deno.test(`refusalByNode: ${name}`, () => {
    const rules = { allowedUnsafeSysctls: allowed, hasAppArmor: false };
    const refusal = refusalByNode(podWith(spec), rules);
    assert.equal(refusal === undefined ? "" : `${refusal.reason}: ${refusal.message}`, want);
  });
}
