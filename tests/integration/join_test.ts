import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import type { Node } from "../../api/types/core_v1.ts";
import { NODES } from "../../api/types/resources.ts";
import { hasReason } from "../../api/types/status.ts";
import { parseCommand, type Settings } from "../../cmd/flags.ts";
import { joinCluster } from "../../cmd/join.ts";
import { makeDataDir, pathsOf } from "../../cmd/paths.ts";
import { startMaster, until } from "../fixtures/master.ts";
import { tokenFlags } from "../fixtures/token.ts";

const HOST = { hostname: "elsewhere", address: "192.0.2.7", dockerHost: undefined };
const NEVER = new AbortController().signal;

Deno.test("a host joins with what `token` prints, and hears in a sentence why not", async (t) => {
  const master = await startMaster();
  try {
    const flags = await tokenFlags(master);
    await until(async () => {
      const answer = await master.fetch("/api/v1/namespaces/kube-public/configmaps/cluster-info");
      await answer.body?.cancel();
      return answer.ok ? true : undefined;
    });
    const [server = "", token = "", hash = ""] = flags;

    const refused: { name: string; flags: string[]; says: RegExp }[] = [
      {
        name: "another authority",
        flags: [server, token, `--ca-hash=sha256:${"0".repeat(64)}`],
        says: /its authority is sha256:[0-9a-f]{64}, and not the one that --ca-hash names$/,
      },
      {
        name: "a wrong token",
        flags: [server, "--token=abcdef.0123456789abcdef", hash],
        says: /the token is wrong, or its time is over/,
      },
      { name: "no token", flags: [server, hash], says: /--token and --ca-hash are needed/ },
      {
        name: "nobody there",
        flags: ["--server=https://127.0.0.1:1", token, hash],
        says: /^Cannot join https:\/\/127.0.0.1:1: nobody listens there$/,
      },
      {
        name: "another name of the cluster",
        flags: [...flags, "--cluster-name=other"],
        says: /it is the cluster test: say that as --cluster-name$/,
      },
    ];
    for (const { name, flags, says } of refused) {
      await t.step(`refused: ${name}`, async () => {
        await using host = await hostWith(flags);
        await assert.rejects(join(host), (error: Error) => {
          assert.match(error.message, says);
          assert.doesNotMatch(error.message, /\n/);
          return true;
        });
      });
    }

    await t.step("refused: a folder that holds a cluster", async () => {
      await using host = await hostWith([...flags, `--data-dir=${master.dataDir}`]);
      await assert.rejects(join(host), /holds a cluster of its own: say another --data-dir$/);
    });

    await using host = await hostWith(flags);
    await t.step("joined: keys for root alone, certificates for this node", async () => {
      const { connection, tls, settings } = await join(host);
      const serving = new X509Certificate(tls.cert);
      assert.match(serving.subjectAltName ?? "", /DNS:elsewhere.*IP Address:192.0.2.7/);
      assert.equal(settings.clusterCidr, "10.244.0.0/16");
      for (const file of ["agent.key", "agent-client.key"]) {
        const { mode } = await Deno.stat(`${host.settings.dataDir}/pki/${file}`);
        assert.equal((mode ?? 0) & 0o777, 0o600);
      }
      const created = await connection.api.create(NODES, bareNode("elsewhere"));
      assert.match(created.spec.podCIDR ?? "", /^10\.244\.\d+\.0\/24$/);
      await assert.rejects(
        connection.api.create(NODES, bareNode("another")),
        (error) => hasReason(error, "Forbidden"),
      );
      connection[Symbol.dispose]();
    });
    await t.step("again: neither token nor another certificate", async () => {
      const before = await Deno.readTextFile(`${host.settings.dataDir}/pki/agent-client.crt`);
      const again = { ...host.settings, join: { ...host.settings.join, token: "" } };
      const { connection } = await join({ settings: again });
      connection[Symbol.dispose]();
      const after = await Deno.readTextFile(`${host.settings.dataDir}/pki/agent-client.crt`);
      assert.equal(after, before);
    });
    await t.step("a second host does not take the name of a node that is Ready", async () => {
      const conditions = [{ type: "Ready", status: "True" }];
      const answer = await master.fetch("/api/v1/nodes/elsewhere/status", {
        method: "PATCH",
        headers: { "content-type": "application/merge-patch+json" },
        body: JSON.stringify({ status: { conditions } }),
      });
      assert.equal(answer.status, 200, await answer.text());
      await using second = await hostWith(flags);
      await assert.rejects(join(second), /node elsewhere is there and Ready/);
    });
    await t.step("a token goes when its time is over", async () => {
      await tokenFlags(master, "--ttl=1s");
      await until(async () => {
        const path = "/api/v1/namespaces/kube-system/secrets" +
          "?fieldSelector=type%3Dbootstrap.kubernetes.io/token";
        const { items } = await (await master.fetch(path)).json() as { items: unknown[] };
        return items.length === 1 ? true : undefined; // the first has a day left
      });
    });
    await t.step("the folder of one cluster joins no other", async () => {
      const join_ = { ...host.settings.join, caHash: `sha256:${"1".repeat(64)}` };
      const settings = { ...host.settings, join: join_ };
      await assert.rejects(join({ settings }), /belongs to another cluster/);
    });
  } finally {
    await master.stop();
  }
});

async function hostWith(
  flags: readonly string[],
): Promise<{ settings: Settings } & AsyncDisposable> {
  const dataDir = await Deno.makeTempDir({ prefix: "wherry-join-" });
  const all = ["agent", `--data-dir=${dataDir}`, "--cluster-name=test", ...flags];
  return {
    settings: parseCommand(all, HOST).settings,
    [Symbol.asyncDispose]: () => Deno.remove(dataDir, { recursive: true }),
  };
}

async function join({ settings }: { settings: Settings }) {
  const paths = pathsOf(settings.dataDir);
  await makeDataDir(paths);
  return await joinCluster(settings, paths, NEVER);
}

function bareNode(name: string): Node {
  return { apiVersion: "v1", kind: "Node", metadata: { name }, spec: {} };
}
