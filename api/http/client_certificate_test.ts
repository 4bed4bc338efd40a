import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { ensurePki } from "../../cmd/pki.ts";
import { isClientOf, subjectOf } from "./client_certificate.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

async function certificates(): Promise<(file: string) => X509Certificate> {
  const folder = await Deno.makeTempDir();
  const names = {
    clusterName: "test",
    nodeName: "n1",
    nodeAddresses: [],
    apiServiceAddress: "10.96.0.1",
  };
  await ensurePki(folder, names, Date.now());
  const files = ["ca", "admin", "apiserver"];
  const read = new Map<string, X509Certificate>();
  for (const file of files) {
    read.set(file, new X509Certificate(await Deno.readTextFile(`${folder}/${file}.crt`)));
  }
  await Deno.remove(folder, { recursive: true });
  return (file) => read.get(file)!;
}

Deno.test("client certificate: issued by us, for clients, and in time", async () => {
  const [ours, theirs] = [await certificates(), await certificates()];
  const now = Date.now();
  const authorities = [ours("ca")];
  assert.equal(isClientOf(authorities, ours("admin"), now), true);
  assert.equal(isClientOf(authorities, theirs("admin"), now), false, "of another authority");
  assert.equal(isClientOf(authorities, ours("apiserver"), now), false, "for servers");
  assert.equal(isClientOf(authorities, ours("ca"), now), false, "an authority");
  assert.equal(isClientOf(authorities, ours("admin"), now - DAY_MS), false, "not yet valid");
  assert.equal(isClientOf(authorities, ours("admin"), now + 400 * DAY_MS), false, "expired");
  assert.equal(isClientOf([], ours("admin"), now), false, "no authority");
});

Deno.test("client certificate: the name is the user, the organizations are the groups", async () => {
  const admin = (await certificates())("admin");
  assert.deepEqual(subjectOf(admin), {
    commonName: "kubernetes-admin",
    organizations: ["system:masters"],
  });
});
