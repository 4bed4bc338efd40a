import assert from "node:assert/strict";
import {
  ApiException,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  Watch,
} from "@kubernetes/client-node";
import type { AnyKind } from "../../api/registry/kind.ts";
import { startMaster } from "../fixtures/master.ts";
import { NAMES, SAMPLES, STORED_KINDS } from "../fixtures/samples.ts";

type Named = KubernetesObject & { metadata: NonNullable<KubernetesObject["metadata"]> };
type Complete = Named & { metadata: { name: string; namespace?: string } };

const NAMESPACE = "default";
const LABELS = { toured: "by-javascript" };

/** The official JavaScript client goes through every kind that clients make, as its users do over TLS. */
Deno.test("the official JavaScript client tours every kind", async (t) => {
  const master = await startMaster();
  try {
    const config = new KubeConfig();
    config.loadFromFile(master.kubeconfig);
    for (const kind of STORED_KINDS) {
      const { apiVersion, kind: name } = kind.resource;
      await t.step(`${apiVersion}/${name}`, () => new Tour(config, kind).run());
    }
  } finally {
    await master.kill(); // the client's HTTP/2 ends its process when it is told to go away
  }
});

/** One kind: created, read, listed, watched, patched in three ways, applied, deleted, and watched again from before. */
class Tour {
  readonly #api: KubernetesObjectApi;
  readonly #object: Complete;
  readonly #path: string;
  readonly #where: string | undefined;

  constructor(readonly config: KubeConfig, kind: AnyKind) {
    const { apiVersion, kind: name, resource, isNamespaced } = kind.resource;
    const key = `${apiVersion}/${name}`;
    this.#api = KubernetesObjectApi.makeApiClient(config);
    this.#where = isNamespaced ? NAMESPACE : undefined;
    const namespace = isNamespaced ? { namespace: NAMESPACE } : {};
    const metadata = { name: NAMES[key] ?? "toured", labels: LABELS, ...namespace };
    this.#object = { apiVersion, kind: name, metadata, ...SAMPLES[key] };
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    this.#path = `${root}${isNamespaced ? `/namespaces/${NAMESPACE}` : ""}/${resource}`;
  }

  async run(): Promise<void> {
    const seen = await this.#inform();
    const created = await this.#api.create(this.#object) as Complete;
    assert.ok(created.metadata.uid);
    await seen.until("add");
    await this.#reads(created);
    await this.#patches();
    await seen.until("update");
    await this.#api.delete(this.#object, undefined, undefined, 0, undefined, "Background");
    await seen.until("delete");
    await seen.stop();
    await this.#resumes(created);
  }

  async #reads(created: Complete): Promise<void> {
    const read = await this.#api.read(this.#object) as Named;
    assert.equal(read.metadata.uid, created.metadata.uid);
    const { items } = await this.#list();
    assert.deepEqual(items.map(({ metadata }) => metadata?.uid), [created.metadata.uid]);
    await assert.rejects(
      this.#api.create(this.#object),
      (error) => error instanceof ApiException && error.code === 409,
    );
  }

  async #patches(): Promise<void> {
    const { apiVersion, kind, metadata: { name, namespace } } = this.#object;
    const patchOf = (annotations: Record<string, string>) => {
      const metadata = { name, ...(namespace && { namespace }), annotations };
      return { apiVersion, kind, metadata } as Complete;
    };
    const send = (annotations: Record<string, string>, how: PatchStrategy, manager?: string) =>
      this.#api.patch(patchOf(annotations), undefined, undefined, manager, undefined, how);
    await send({ merged: "yes" }, PatchStrategy.MergePatch);
    await send({ strategic: "yes" }, PatchStrategy.StrategicMergePatch);
    const applied = await send({ applied: "yes" }, PatchStrategy.ServerSideApply, "tour") as Named;
    const { merged, strategic, applied: own } = applied.metadata.annotations ?? {};
    assert.deepEqual([merged, strategic, own], ["yes", "yes", "yes"]);
    const managers = applied.metadata.managedFields?.map(({ manager }) => manager);
    assert.ok(managers?.includes("tour"), `managers are ${managers}`);
  }

  async #list() {
    const { apiVersion = "", kind = "" } = this.#object;
    const selector = `toured=${LABELS.toured}`;
    const more = [undefined, undefined, undefined, undefined, selector] as const;
    return await this.#api.list(apiVersion, kind, this.#where, ...more);
  }

  /** An informer on the kind, and a promise for each thing that it should tell. */
  async #inform() {
    const told = { add: gate(), update: gate(), delete: gate() };
    const informer = makeInformer(
      this.config,
      this.#path,
      () => this.#list() as ReturnType<Parameters<typeof makeInformer>[2]>,
      `toured=${LABELS.toured}`,
    );
    for (const what of ["add", "update", "delete"] as const) informer.on(what, told[what].open);
    await informer.start();
    return {
      until: async (what: keyof typeof told) => {
        await told[what].opened;
      },
      stop: () => informer.stop(),
    };
  }

  /** A watch from the creation on tells what came after it, and ends with the deletion. */
  async #resumes({ metadata }: Complete): Promise<void> {
    const types: string[] = [];
    const end = gate();
    const query = { resourceVersion: metadata.resourceVersion, allowWatchBookmarks: false };
    const request = await new Watch(this.config).watch(
      this.#path,
      query,
      (type: string, object: Named) => {
        if (object.metadata?.name !== metadata.name) return;
        types.push(type);
        if (type === "DELETED") end.open();
      },
      (error) => end.open(error),
    );
    await end.opened;
    request.abort();
    assert.deepEqual([types.at(0), types.at(-1)], ["MODIFIED", "DELETED"]);
  }
}

function gate() {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  return { opened: promise, open: (why?: unknown) => resolve(why) };
}
