/**
 * Stock kubectl against the OpenAPI documents alone: a server of a few lines answers discovery and one pod.
 * What kubectl sends shows what it read.
 */
import assert from "node:assert/strict";
import { openApiTexts } from "../../api/http/openapi.ts";
import type { AnyKind } from "../../api/registry/kind.ts";
import { Pod } from "../../api/types/core_v1.ts";
import { PODS } from "../../api/types/resources.ts";

const pods: AnyKind = {
  resource: PODS,
  schema: Pod,
  singular: "pod",
  hasStatus: true,
  validate: () => [],
  columns: [],
};
const { v3, v3Index } = openApiTexts([pods]);

const container = (name: string, image: string) => ({ name, image });
const LIVE = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", namespace: "default", labels: { app: "web" } },
  spec: {
    containers: [container("web", "nginx:1"), container("injected", "proxy:1")],
    tolerations: [{ key: "a", operator: "Exists" }],
  },
};
const verbs = ["create", "delete", "get", "list", "patch", "update", "watch"];
const ANSWERS: Readonly<Record<string, unknown>> = {
  "/api": { kind: "APIVersions", versions: ["v1"] },
  "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
  "/api/v1": {
    kind: "APIResourceList",
    groupVersion: "v1",
    resources: [{ name: "pods", singularName: "pod", namespaced: true, kind: "Pod", verbs }],
  },
  "/openapi/v3": JSON.parse(v3Index),
  "/openapi/v3/api/v1": JSON.parse(v3.get("api/v1") ?? "{}"),
  "/api/v1/namespaces/default/pods/web": LIVE,
};

interface Seen {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly type: string | null;
  readonly body: Record<string, unknown>;
}

/** Runs kubectl with a home of its own. @returns what it printed and the writes that it sent */
async function kubectl(args: readonly string[], input?: unknown) {
  const writes: Seen[] = [];
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const { pathname, searchParams: query } = new URL(request.url);
      if (request.method === "GET") {
        const answer = ANSWERS[pathname];
        return answer === undefined ? new Response("{}", { status: 404 }) : Response.json(answer);
      }
      const body = await request.json();
      writes.push({
        method: request.method,
        query,
        type: request.headers.get("content-type"),
        body,
      });
      return Response.json(LIVE, { status: request.method === "POST" ? 201 : 200 });
    },
  );
  const home = await Deno.makeTempDir();
  const child = new Deno.Command("kubectl", {
    args: [`--server=http://127.0.0.1:${server.addr.port}`, ...args],
    env: { HOME: home, KUBECONFIG: "/dev/null" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input === undefined ? "" : JSON.stringify(input)));
  await writer.close();
  const { stdout, stderr } = await child.output();
  await Deno.remove(home, { recursive: true });
  const decoder = new TextDecoder();
  return { printed: decoder.decode(stdout), complained: decoder.decode(stderr), writes };
}

const hasKubectl = await new Deno.Command("kubectl", { args: ["version", "--client"] }).output()
  .then(() => true, () => false);
const test = { ignore: !hasKubectl && Deno.env.get("CI") !== "true" };

Deno.test({
  ...test,
  name: "kubectl explain prints a field with its type, values and description",
  async fn() {
    const { printed, complained } = await kubectl(["explain", "pod.spec.containers.ports"]);
    assert.equal(complained, "");
    assert.match(printed, /^KIND: {7}Pod\nVERSION: {4}v1\n\nFIELD: ports <\[\]ContainerPort>/);
    assert.match(printed, / {2}containerPort\t<integer> -required-\n/);
    assert.match(printed, / {2}protocol\t<string>\n {2}enum: TCP, UDP, SCTP\n/);
    assert.match(printed, /Port taken on the node; 0 or absent takes none\./);
  },
});

Deno.test({
  ...test,
  name: "kubectl explain --recursive prints every field below",
  async fn() {
    const { printed, complained } = await kubectl(["explain", "pod", "--recursive"]);
    assert.equal(complained, "");
    assert.match(printed, /\n {4}containers\t<\[\]Container> -required-\n/);
    assert.match(printed, /\n {6}resources\t<ResourceRequirements>\n/);
    assert.match(printed, /\n {8}limits\t<map\[string\]Quantity>\n/);
    assert.match(printed, /\n {10}port\t<IntOrString> -required-\n/);
  },
});

Deno.test({
  ...test,
  name: "kubectl create leaves validation to the server",
  async fn() {
    const pod = { ...LIVE, spec: { ...LIVE.spec, foo: 1 } };
    const { printed, complained, writes } = await kubectl(["create", "-f", "-"], pod);
    assert.deepEqual([printed, complained], ["pod/web created\n", ""]);
    assert.equal(writes[0]?.query.get("fieldValidation"), "Strict");
    assert.deepEqual(writes[0]?.body, pod);
  },
});

Deno.test({
  ...test,
  name: "kubectl apply merges lists by the keys of the document",
  async fn() {
    const wanted = { ...LIVE, spec: { containers: [container("web", "nginx:2")] } };
    const { printed, writes } = await kubectl(["apply", "-f", "-"], wanted);
    assert.equal(printed, "pod/web configured\n");
    assert.equal(writes[0]?.type, "application/strategic-merge-patch+json");
    assert.deepEqual(writes[0]?.body.spec, {
      "$setElementOrder/containers": [{ name: "web" }],
      containers: [{ name: "web", image: "nginx:2" }],
    });
  },
});
