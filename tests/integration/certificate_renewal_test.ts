import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { NODES } from "../../api/types/resources.ts";
import { parseCommand } from "../../cmd/flags.ts";
import { joinCluster } from "../../cmd/join.ts";
import {
  clientCertificateOf,
  type NodeCertificate,
  obtain,
  servingCertificateOf,
  stateIn,
} from "../../cmd/node_certificates.ts";
import { makeDataDir, type Paths, pathsOf } from "../../cmd/paths.ts";
import { loadX509, SIGNING } from "../../cmd/pki.ts";
import { readRequest, signRequest } from "../../cmd/pki_requests.ts";
import { startMaster, until } from "../fixtures/master.ts";
import { tokenFlags } from "../fixtures/token.ts";

const HOST = { hostname: "elsewhere", address: "192.0.2.7", dockerHost: undefined };
/** Signed five minutes in the past, for clocks that are behind: less than a third of its life is left. */
const SHORT_SECONDS = 60;

Deno.test("a host that joined renews its certificates before they end, and goes on meanwhile", async (t) => {
  const master = await startMaster();
  const dataDir = await Deno.makeTempDir({ prefix: "wherry-renewal-" });
  const abort = new AbortController();
  try {
    await until(async () => {
      const answer = await master.fetch("/api/v1/namespaces/kube-public/configmaps/cluster-info");
      await answer.body?.cancel();
      return answer.ok ? true : undefined;
    });
    const flags = await tokenFlags(master);
    const all = ["agent", `--data-dir=${dataDir}`, "--cluster-name=test", ...flags];
    const { settings } = parseCommand(all, HOST);
    const paths = pathsOf(dataDir);
    await makeDataDir(paths);
    const both = [clientCertificateOf("elsewhere"), servingCertificateOf("elsewhere", "192.0.2.7")];
    const states = () => Promise.all(both.map((wanted) => stateIn(paths.pki, wanted, Date.now())));
    const first = await joinCluster(settings, paths, abort.signal);
    await first.connection.api.create(NODES, {
      ...{ apiVersion: "v1", kind: "Node", metadata: { name: "elsewhere" }, spec: {} },
    });
    first.connection[Symbol.dispose]();
    assert.deepEqual(await states(), ["good", "good"]);

    for (const wanted of both) await replaceByShortOne(wanted, paths, pathsOf(master.dataDir));
    assert.deepEqual(await states(), ["old", "old"]);
    const again = { ...settings, join: { ...settings.join, token: "" } };
    const access = await joinCluster(again, paths, abort.signal);
    const old = new X509Certificate(access.tls.cert);

    await t.step("both are renewed with the old ones, without a token", async () => {
      const served = Promise.withResolvers<string>();
      const keeping = access.keepFresh((tls) => served.resolve(tls.cert));
      const fresh = new X509Certificate(await served.promise);
      assert.ok(Date.parse(fresh.validTo) > Date.parse(old.validTo));
      await until(async () => (await states()).every((state) => state === "good") || undefined);
      const { metadata } = await access.connection.api.get(NODES, "", "elsewhere");
      assert.equal(metadata.name, "elsewhere");
      abort.abort();
      await keeping;
    });
    await t.step("keys are new too, and root's alone", async () => {
      for (const { file } of both) {
        const { mode } = await Deno.stat(`${paths.pki}/${file}.key`);
        assert.equal((mode ?? 0) & 0o777, 0o600);
      }
    });
    await t.step("one for another address is asked for anew at the next start", async () => {
      const moved = servingCertificateOf("elsewhere", "192.0.2.8");
      assert.equal(await stateIn(paths.pki, moved, Date.now()), "useless");
      await obtain(moved, { api: access.connection.api, pki: paths.pki });
      assert.equal(await stateIn(paths.pki, moved, Date.now()), "good");
    });
    access.connection[Symbol.dispose]();
  } finally {
    abort.abort();
    await Deno.remove(dataDir, { recursive: true });
    await master.stop();
  }
});

/** Of the same subject and authority. */
async function replaceByShortOne(
  { file, nodeName, usage, dnsNames, addresses }: NodeCertificate,
  { pki }: Paths,
  master: Paths,
): Promise<void> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(SIGNING, true, ["sign", "verify"]) as CryptoKeyPair;
  const names = [
    ...dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...addresses.map((value) => ({ type: "ip" as const, value })),
  ];
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ O: ["system:nodes"] }, { CN: [`system:node:${nodeName}`] }],
    ...{ keys, signingAlgorithm: SIGNING },
    extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
  });
  const read = await readRequest(request.toString("pem"));
  const signed = await signRequest(master.pki, read!, {
    usages: ["digital signature", usage],
    expirationSeconds: SHORT_SECONDS,
    now: Date.now(),
  });
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const body = pkcs8.toBase64().match(/.{1,64}/g)!.join("\n");
  const key = `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
  await Deno.writeTextFile(`${pki}/${file}.key`, key);
  await Deno.writeTextFile(`${pki}/${file}.crt`, signed);
}
