import assert from "node:assert/strict";
import { namesOf } from "../../dataplane/names.ts";
import { BUSYBOX_IMAGE } from "../../images/recipes.ts";
import { until } from "../fixtures/bed/cluster.ts";
import { Kubectl } from "../fixtures/kubectl.ts";
import { ownFlags } from "../e2e/cluster.ts";
import { hostState } from "../e2e/host_state.ts";
import { difference, wherry } from "./wherry.ts";

const POOL = "192.0.2.200-192.0.2.209";

Deno.test("uninstall leaves nothing of names, policies, balancers and ways to other nodes", async (t) => {
  await using own = await ownFlags({});
  const { settings } = own;
  const flags = [...own.flags, `--load-balancer-pool=${POOL}`];
  const before = await hostState(settings.clusterName);
  try {
    const { code, stderr } = await wherry("up", flags);
    assert.equal(code, 0, stderr);
    await using kubectl = await Kubectl.open(`${settings.dataDir}/kubeconfig`);
    await t.step("all of them are there", () => layDown(kubectl, settings.clusterName));
  } finally {
    const { code, stderr } = await wherry("uninstall", [...flags, "--purge"]);
    assert.equal(code, 0, stderr);
  }
  await t.step("the host is as it was", async () => {
    await isAsItWas(before, settings.clusterName);
    await assert.rejects(Deno.stat(settings.dataDir), Deno.errors.NotFound);
  });
});

Deno.test("a start that fails leaves the host as it was", async () => {
  await using own = await ownFlags({});
  const { settings, flags } = own;
  const before = await hostState(settings.clusterName);
  using taken = Deno.listen({ hostname: settings.bindAddress, port: settings.agentPort });
  try {
    const { code, stderr, stdout } = await wherry("up", flags);
    assert.equal(code, 1);
    assert.match(stderr + stdout, new RegExp(`:${taken.addr.port}\\b`));
    await isAsItWas(before, settings.clusterName);
  } finally {
    await wherry("down", [...flags, "--purge"]);
  }
});

/** Soon: the kernel lets go of programs a moment after their last pin. */
async function isAsItWas(before: readonly string[], clusterName: string): Promise<void> {
  let changes: string[] = [];
  await until(
    async () => {
      changes = difference(before, await hostState(clusterName));
      return changes.length === 0;
    },
    () => changes.join("\n"),
    10_000,
  );
}

async function layDown(kubectl: Kubectl, clusterName: string): Promise<void> {
  const names = namesOf(clusterName);
  await kubectl.run(
    "run",
    "client",
    `--image=${BUSYBOX_IMAGE}`,
    "--command",
    "--",
    "sleep",
    "3600",
  );
  await kubectl.run("wait", "--for=condition=Ready", "pod/client", "--timeout=60s");
  await kubectl.run("expose", "pod", "client", "--port=80", "--type=LoadBalancer");
  await kubectl.apply({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "deny", namespace: "default" },
    spec: { podSelector: {}, policyTypes: ["Ingress"] },
  });
  await kubectl.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "other" } });
  const addresses = [{ type: "InternalIP", address: "192.0.2.9" }];
  const status = ["--subresource=status", "-p", JSON.stringify({ status: { addresses } })];
  await kubectl.run("patch", "node", "other", ...status);
  await kubectl.run("exec", "client", "--", "nslookup", "client.default.svc.cluster.local");

  const THERE: Record<string, [program: string, ...args: string[]]> = {
    [names.overlayLink]: ["ip", "link"],
    [`${names.linkPrefix}lb`]: ["ip", "link"],
    [`${names.linkPrefix}dns`]: ["ip", "link"],
    [names.policyTable]: ["nft", "list", "tables"],
    [`/names/v1/links/${names.linkPrefix}`]: ["find", names.pins],
    [`${names.pins}/links/connect4`]: ["find", names.pins],
    [`lookup ${names.overlayTable}`]: ["ip", "rule"],
  };
  for (const [what, [program, ...args]] of Object.entries(THERE)) {
    const isThere = async () => {
      const { stdout } = await new Deno.Command(program, { args }).output();
      return new TextDecoder().decode(stdout).includes(what);
    };
    await until(isThere, () => `${program} ${args.join(" ")} shows no ${what}`, 60_000);
  }
}
