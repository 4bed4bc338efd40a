import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Container, PodSpec } from "../api/types/core_v1.ts";
import { containerSecurity } from "./container_security.ts";
import { MemoryFiles } from "./memory_files.ts";
import { containerSpec, podWith } from "./pod_fixtures.ts";
import type { ContainerSecurity } from "./runtime.ts";

type Own = NonNullable<Container["securityContext"]>;
type OfPod = NonNullable<PodSpec["securityContext"]>;

// deno-fmt-ignore
const SECURITY: readonly { name: string; pod?: OfPod; own?: Own; image?: string; want: Partial<ContainerSecurity> }[] = [
  { name: "the image's user by default",     want: { groups: [], isPrivileged: false, mayGainPrivileges: true } },
  { name: "the pod's user and groups",       pod: { runAsUser: 7, fsGroup: 8, supplementalGroups: [9] },            want: { user: "7", groups: ["9", "8"] } },
  { name: "its own user before the pod's",   pod: { runAsUser: 7 }, own: { runAsUser: 0, runAsGroup: 3 },           want: { user: "0:3" } },
  { name: "a group alone keeps root",        own: { runAsGroup: 3 },                                                want: { user: "0:3" } },
  { name: "a group alone keeps the image's", own: { runAsGroup: 3 }, image: "www:www",                              want: { user: "www:3" } },
  { name: "a group that is named twice",     pod: { fsGroup: 8, supplementalGroups: [8] },                          want: { groups: ["8"] } },
  { name: "capabilities",                    own: { capabilities: { add: ["NET_ADMIN"], drop: ["ALL"] } },          want: { addCapabilities: ["NET_ADMIN"], dropCapabilities: ["ALL"] } },
  { name: "no escalation",                   own: { allowPrivilegeEscalation: false },                              want: { mayGainPrivileges: false } },
  { name: "no seccomp",                      pod: { seccompProfile: { type: "Unconfined" } },                       want: { seccomp: "unconfined" } },
  { name: "the engine's seccomp after all",  pod: { seccompProfile: { type: "Unconfined" } }, own: { seccompProfile: { type: "RuntimeDefault" } }, want: {} },
  { name: "a seccomp profile of the node",   own: { seccompProfile: { type: "Localhost", localhostProfile: "audit.json" } }, want: { seccomp: "{}" } },
  { name: "no AppArmor",                     own: { appArmorProfile: { type: "Unconfined" } },                      want: { appArmor: "unconfined" } },
  { name: "an AppArmor profile",             own: { appArmorProfile: { type: "Localhost", localhostProfile: "p" } }, want: { appArmor: "p" } },
  { name: "all of /proc",                    own: { procMount: "Unmasked" },                                        want: { isProcUnmasked: true } },
  { name: "not root, by number",             own: { runAsNonRoot: true, runAsUser: 5 },                             want: { user: "5" } },
  { name: "not root, by the image",          own: { runAsNonRoot: true }, image: "101:101",                         want: {} },
];
for (const { name, pod = {}, own = {}, image = "", want } of SECURITY) {
  Deno.test(`containerSecurity: ${name}`, async () => {
    const got = await securityWith(pod, own, image);
    assert.deepEqual({ ...got, ...want }, got);
    assert.deepEqual([got.user, got.seccomp, got.appArmor], [
      want.user,
      want.seccomp,
      want.appArmor,
    ]);
  });
}

const PLACE = '(pod: "web_default(u1)", container: a)';

// deno-fmt-ignore
const REFUSED: readonly { name: string; own: Own; image?: string; want: string }[] = [
  { name: "root by the spec",      own: { runAsNonRoot: true, runAsUser: 0 },       want: `container's runAsUser breaks non-root policy ${PLACE}` },
  { name: "root by the image",     own: { runAsNonRoot: true },                     want: `container has runAsNonRoot and image will run as root ${PLACE}` },
  { name: "root by number",        own: { runAsNonRoot: true }, image: "0:5",       want: `container has runAsNonRoot and image will run as root ${PLACE}` },
  { name: "a name may be root",    own: { runAsNonRoot: true }, image: "www",       want: `container has runAsNonRoot and image has non-numeric user (www), cannot verify user is non-root ${PLACE}` },
  { name: "a profile that is not there", own: { seccompProfile: { type: "Localhost", localhostProfile: "none.json" } }, want: 'cannot load seccomp profile "none.json": no file /data/seccomp/none.json' },
];
for (const { name, own, image = "", want } of REFUSED) {
  Deno.test(`containerSecurity: refuses ${name}`, async () => {
    await assert.rejects(securityWith({}, own, image), {
      name: "ConfigurationError",
      message: want,
    });
  });
}

async function securityWith(pod: OfPod, own: Own, image: string): Promise<ContainerSecurity> {
  const files = new MemoryFiles();
  await files.writeFile("/data/seccomp/audit.json", { bytes: Buffer.from("{}"), mode: 0o644 });
  const container = containerSpec("a", { securityContext: own });
  const runtime = { imageUser: () => Promise.resolve(image) };
  const tools = { runtime, files, dataDir: "/data" };
  return await containerSecurity(podWith({ securityContext: pod }), container, tools);
}
