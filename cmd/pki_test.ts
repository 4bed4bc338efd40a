import { deepEqual, equal, ok } from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { ensurePki } from "./pki.ts";

const NAMES = {
  clusterName: "wherry",
  nodeName: "boat",
  nodeAddresses: ["192.0.2.7"],
  apiServiceAddress: "10.96.0.1",
};
const NOW = Date.UTC(2026, 0, 2);
const ALL = ["apiserver", "admin", "apiserver-agent-client", "agent"];

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(`${folder}/pki`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("pki: the CA and its certificates are made once", () =>
  inFolder(async (folder) => {
    deepEqual(await ensurePki(folder, NAMES, NOW), ["ca", ...ALL]);
    deepEqual(await ensurePki(folder, NAMES, NOW), []);
    equal((await Deno.stat(`${folder}/ca.key`)).mode! & 0o777, 0o600);
    equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
  }));

Deno.test("pki: another address renews the two that name it", () =>
  inFolder(async (folder) => {
    await ensurePki(folder, NAMES, NOW);
    const moved = { ...NAMES, nodeAddresses: ["192.0.2.8"] };
    deepEqual(await ensurePki(folder, moved, NOW), ["apiserver", "agent"]);
  }));

Deno.test("pki: the last third of the life renews all, under the same CA", () =>
  inFolder(async (folder) => {
    await ensurePki(folder, NAMES, NOW);
    deepEqual(await ensurePki(folder, NAMES, Date.UTC(2026, 8, 10)), ALL);
  }));

Deno.test("pki: a lost CA makes everything anew", () =>
  inFolder(async (folder) => {
    await ensurePki(folder, NAMES, NOW);
    await Deno.remove(`${folder}/ca.crt`);
    deepEqual(await ensurePki(folder, NAMES, NOW), ["ca", ...ALL]);
  }));

Deno.test("pki: names, groups and usages are those of Kubernetes", () =>
  inFolder(async (folder) => {
    await ensurePki(folder, NAMES, NOW);
    const read = async (file: string) =>
      new X509Certificate(await Deno.readFile(`${folder}/${file}.crt`));
    const server = await read("apiserver");
    for (const name of ["localhost", "kubernetes.default", "boat"]) {
      ok(server.checkHost(name), name);
    }
    for (const address of ["127.0.0.1", "192.0.2.7", "10.96.0.1"]) ok(server.checkIP(address));
    const admin = await read("admin");
    ok(admin.subject.includes("O=system:masters") && admin.subject.includes("CN=kubernetes-admin"));
    const clientAuth = "06082b06010505070302"; // the object identifier, as it is encoded
    ok(admin.raw.toString("hex").includes(clientAuth));
    ok(admin.verify((await read("ca")).publicKey) && !admin.ca);
  }));
