/** Each kind that is served, by `kubectl describe KIND NAME` and `kubectl explain KIND --recursive`. */
import assert from "node:assert/strict";
import type { AnyKind } from "../../api/registry/kind.ts";
import { KINDS } from "../../api/registry/kinds.ts";
import { Kubectl } from "../fixtures/kubectl.ts";
import { type Master, startMaster } from "../fixtures/master.ts";
import { NAMES, SAMPLES, STORED_KINDS } from "../fixtures/samples.ts";

const AT_ONCE = 2;

const BOATS = "boats.harbour.example.com";
const BOAT_DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: BOATS },
  spec: {
    group: "harbour.example.com",
    scope: "Namespaced",
    names: { plural: "boats", singular: "boat", kind: "Boat" },
    versions: [{
      ...{ name: "v1", served: true, storage: true },
      schema: {
        openAPIV3Schema: {
          type: "object",
          properties: {
            spec: {
              type: "object",
              properties: { length: { type: "integer", description: "Metres from bow to stern." } },
            },
          },
        },
      },
    }],
  },
};

Deno.test("kubectl: every kind is described and explained", async (t) => {
  const master = await startMaster();
  try {
    await using kubectl = await Kubectl.open(master.kubeconfig);
    await post(master, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", BOAT_DEFINITION);
    for (const kind of STORED_KINDS) await post(master, pathOf(kind), sampleOf(kind));
    await post(master, "/apis/harbour.example.com/v1/namespaces/default/boats", {
      metadata: { name: "it" },
      spec: { length: 7 },
    });
    await t.step(
      "describe",
      () => forAll(STORED_KINDS, (kind) => rejectPoorDescription(kubectl, kind)),
    );
    await t.step("explain", () => forAll(KINDS, (kind) => rejectPoorExplanation(kubectl, kind)));
    await t.step("a custom kind", async () => {
      const described = await kubectl.run("describe", BOATS, "it");
      assert.match(described, /^Name: +it\n[^]*\nSpec:\n +Length: +7\n/);
      const explained = await kubectl.run("explain", "boats.spec");
      assert.match(explained, /^GROUP: +harbour.example.com\nKIND: +Boat\n[^]*Metres from bow/);
    });
    await t.step("explain in the form of old kubectls", async () => {
      const output = "--output=plaintext-openapiv2";
      const explained = await kubectl.run("explain", "pod.spec.containers.ports", output);
      assert.match(explained, /^KIND: +Pod\nVERSION: +v1\n\nRESOURCE: ports <\[\]Object>/);
      assert.match(explained, / containerPort\t<integer> -required-\n/);
      const boat = await kubectl.run("explain", "boats.spec", "--recursive", output);
      assert.match(boat, /\n +length\t<integer>/);
    });
    await t.step("explain of bindings, which are a collection without a list", async () => {
      assert.match(
        await kubectl.run("explain", "bindings"),
        /^KIND: +Binding\n[^]*\n {2}target\t</,
      );
    });
  } finally {
    await master.stop();
  }
});

/** The name and several lines more; how they are arranged is the affair of kubectl. */
async function rejectPoorDescription(kubectl: Kubectl, kind: AnyKind): Promise<void> {
  const name = nameOf(kind);
  const shown = await kubectl.run("describe", argumentOf(kind), name);
  const { kind: kindName } = kind.resource;
  assert.match(shown, new RegExp(`^Name: +${name}\n`), `${kindName}: ${shown}`);
  assert.ok(shown.trim().split("\n").length >= 5, `${kindName}: ${shown}`);
}

async function rejectPoorExplanation(kubectl: Kubectl, { resource, schema }: AnyKind) {
  const { apiVersion, kind } = resource;
  const [version, group] = apiVersion.split("/").toReversed();
  const shown = await kubectl.run(
    ...["explain", resource.resource, "--recursive", `--api-version=${apiVersion}`],
  );
  const head = `${
    group === undefined ? "" : `GROUP: +${group}\n`
  }KIND: +${kind}\nVERSION: +${version}`;
  assert.match(shown, new RegExp(`^${head}\n`), shown);
  for (const field of Object.keys(schema.fields)) {
    assert.match(shown, new RegExp(`^  ${field}\t<`, "m"), `${apiVersion} ${kind}: ${field}`);
  }
}

async function forAll<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const work = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function post(master: Master, path: string, body: unknown): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await master.fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.text();
  assert.equal(answer.status, 201, `${path}: ${text}`);
}

function pathOf({ resource: { apiVersion, resource, isNamespaced } }: AnyKind): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}${isNamespaced ? "/namespaces/default" : ""}/${resource}`;
}

/** Two versions and two groups may show one object: each kind has a name of its own. */
function nameOf({ resource: { apiVersion, kind } }: AnyKind): string {
  const own = `it-${apiVersion.replaceAll(/[/.]/g, "-")}`;
  return NAMES[`${apiVersion}/${kind}`] ?? own;
}

function sampleOf(kind: AnyKind) {
  const { apiVersion, kind: name } = kind.resource;
  return { ...SAMPLES[`${apiVersion}/${name}`], metadata: { name: nameOf(kind) } };
}

function argumentOf({ resource: { apiVersion, resource } }: AnyKind): string {
  const [version, group] = apiVersion.split("/").toReversed();
  return group === undefined ? resource : `${resource}.${version}.${group}`;
}
