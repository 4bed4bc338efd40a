import assert from "node:assert/strict";
import { BODY_BYTES_MAX } from "../../api/http/read_body.ts";
import type { AnyKind } from "../../api/registry/kind.ts";
import { NAMES, SAMPLES, STORED_KINDS } from "../fixtures/samples.ts";
import { type Harness, type Json, startApi } from "./harness.ts";

const MERGE = { "content-type": "application/merge-patch+json" };
const JSON_PATCH = { "content-type": "application/json-patch+json" };
const ALL_VERBS = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

for (const kind of STORED_KINDS) {
  Deno.test(`conformance: ${keyOf(kind)} answers every verb as Kubernetes does`, async () => {
    await using api = await startApi();
    const subject = new Subject(api, kind);
    await subject.creates();
    await subject.reads();
    await subject.updates();
    await subject.patches();
    await subject.servesStatus();
    await subject.watches();
    await subject.refuses();
    await subject.refusesMethods();
    await subject.refusesOptions();
    await subject.createsByPut();
    await subject.deletes();
    await subject.deletesAll();
  });
}

function keyOf({ resource: { apiVersion, kind } }: AnyKind): string {
  return `${apiVersion}/${kind}`;
}

/** One kind, and every verb on it, in an order in which each step leaves what the next one needs. */
class Subject {
  readonly #path: string;
  readonly #sample: Json;
  readonly #name: string;
  readonly #verbs: readonly string[];

  constructor(readonly api: Harness, readonly kind: AnyKind) {
    const { apiVersion, resource, isNamespaced } = kind.resource;
    const sample = SAMPLES[keyOf(kind)];
    assert.ok(sample, `tests/fixtures/samples.ts lacks a ${keyOf(kind)}`);
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    this.#path = `${root}${isNamespaced ? "/namespaces/default" : ""}/${resource}`;
    this.#name = NAMES[keyOf(kind)] ?? "it";
    this.#sample = { apiVersion, kind: kind.resource.kind, ...sample };
    this.#verbs = ALL_VERBS.filter((verb) => !kind.withoutVerbs?.includes(verb));
  }

  #object(name = this.#name, metadata: Json = {}): Json {
    return { ...this.#sample, metadata: { name, ...metadata } };
  }

  get #it(): string {
    return `${this.#path}/${this.#name}`;
  }

  async #answers(code: number, ...call: Parameters<Harness["call"]>): Promise<Json> {
    const answer = await this.api.call(...call);
    const [method, path] = call;
    assert.equal(answer.code, code, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    if (code >= 400) assert.deepEqual([answer.body.kind, answer.body.code], ["Status", code]);
    return answer.body;
  }

  async creates(): Promise<void> {
    if (!this.#verbs.includes("create")) return;
    await this.#answers(201, "POST", `${this.#path}?dryRun=All`, this.#object());
    await this.#answers(404, "GET", this.#it);
    const created = await this.#answers(201, "POST", this.#path, this.#object());
    const { uid, resourceVersion, creationTimestamp } = created.metadata as Json;
    assert.ok(uid && Number(resourceVersion) > 0 && creationTimestamp);
    const again = await this.#answers(409, "POST", this.#path, this.#object());
    assert.equal(again.reason, "AlreadyExists");
  }

  async reads(): Promise<void> {
    const object = await this.#answers(200, "GET", this.#it);
    const list = await this.#answers(200, "GET", this.#path);
    assert.equal(list.kind, `${this.kind.resource.kind}List`);
    assert.deepEqual((await this.#listed()).length > 0, true);
    const items = list.items as Json[];
    const mine = items.find(({ metadata }) => (metadata as Json).name === this.#name);
    assert.deepEqual((mine?.metadata as Json).uid, (object.metadata as Json).uid);
    const table = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    const { columnDefinitions } = await this.#answers(200, "GET", this.#path, undefined, table);
    assert.ok((columnDefinitions as Json[]).length > 0);
  }

  async #listed(): Promise<string[]> {
    const { items } = await this.#answers(200, "GET", `${this.#path}?limit=500`);
    return (items as Json[]).map(({ metadata }) => (metadata as Json).name as string);
  }

  async updates(): Promise<void> {
    const object = await this.#answers(200, "GET", this.#it);
    const metadata = object.metadata as Json;
    const labels = { tested: "yes" };
    const next = { ...object, metadata: { ...metadata, labels } };
    const updated = await this.#answers(200, "PUT", this.#it, next);
    assert.deepEqual((updated.metadata as Json).uid, metadata.uid);
    assert.equal(((updated.metadata as Json).labels as Json).tested, "yes");
    const stale = await this.#answers(409, "PUT", this.#it, { ...next, metadata });
    assert.equal(stale.reason, "Conflict");
  }

  async patches(): Promise<void> {
    const patch = { metadata: { annotations: { note: "a" } } };
    const patched = await this.#answers(200, "PATCH", this.#it, patch, MERGE);
    const again = await this.#answers(200, "PATCH", this.#it, patch, MERGE);
    assert.deepEqual(again, patched, "a patch that changes nothing writes nothing");
    const test = [{ op: "test", path: "/metadata/name", value: "another" }];
    await this.#answers(422, "PATCH", this.#it, test, JSON_PATCH);
    await this.#answers(415, "PATCH", this.#it, "x", { "content-type": "text/plain" });
    await this.#answers(404, "PATCH", `${this.#path}/nobody`, patch, MERGE);
  }

  async servesStatus(): Promise<void> {
    const { hasStatus } = this.kind;
    if (!hasStatus) return void await this.#answers(404, "GET", `${this.#it}/status`);
    const object = await this.#answers(200, "GET", `${this.#it}/status`);
    const labels = { ...(object.metadata as Json).labels as Json, forged: "yes" };
    const forged = { ...object, metadata: { ...object.metadata as Json, labels } };
    await this.#answers(200, "PUT", `${this.#it}/status`, forged);
    const annotations = { metadata: { annotations: { note: "b" } } };
    await this.#answers(200, "PATCH", `${this.#it}/status`, annotations, MERGE);
  }

  async watches(): Promise<void> {
    const watch = await this.api.watch(
      `${this.#path}?watch=true&fieldSelector=metadata.name%3D${this.#name}`,
    );
    assert.deepEqual(await watch.take(1), [`ADDED ${this.#name}`]);
    const patch = { metadata: { annotations: { note: "c" } } };
    await this.#answers(200, "PATCH", this.#it, patch, MERGE);
    assert.deepEqual(await watch.take(1), [`MODIFIED ${this.#name}`]);
    await watch.close();
  }

  async refuses(): Promise<void> {
    const { apiVersion } = this.kind.resource;
    await this.#answers(400, "POST", this.#path, "{");
    await this.#answers(400, "POST", this.#path, { ...this.#object(), kind: "Another" });
    await this.#answers(400, "POST", this.#path, {
      ...this.#object(),
      apiVersion: `x${apiVersion}`,
    });
    await this.#answers(422, "POST", this.#path, this.#object("Not A Name/"));
    await this.#answers(422, "POST", this.#path, this.#object(""));
    await this.#answers(400, "POST", `${this.#path}?fieldValidation=Strict`, {
      ...this.#object(),
      unheardOf: 1,
    });
    await this.#answers(405, "POST", this.#it, this.#object());
    await this.#answers(404, "GET", `${this.#path}/nobody`);
    await this.#answers(400, "GET", `${this.#path}?labelSelector=a+in`);
    await this.#answers(400, "GET", `${this.#path}?fieldSelector=un.heard%3D1`);
    await this.#answers(415, "POST", this.#path, "x", { "content-type": "text/plain" });
  }

  /** What a path does not take, and what is no path. */
  async refusesMethods(): Promise<void> {
    for (const method of ["PUT", "PATCH"]) {
      const { reason } = await this.#answers(405, method, this.#path, {}, MERGE);
      assert.equal(reason, "MethodNotAllowed");
    }
    await this.#answers(404, "GET", `${this.#it}/unheardof`);
    await this.#answers(404, "PUT", `${this.#it}/unheardof`, this.#object());
    await this.#answers(404, "POST", `${this.#it}/status/more`, this.#object());
    const plain = { accept: "text/html" };
    const { reason } = await this.#answers(406, "GET", this.#it, undefined, plain);
    assert.equal(reason, "NotAcceptable");
    await this.#answers(406, "GET", this.#path, undefined, plain);
    await this.#answers(415, "PUT", this.#it, "x", { "content-type": "text/plain" });
    const large = { ...this.#object(), pad: "x".repeat(BODY_BYTES_MAX) };
    const refused = await this.#answers(413, "PUT", this.#it, large);
    assert.equal(refused.reason, "RequestEntityTooLarge");
  }

  /** Options that mean nothing, and versions that are gone or yet to come. */
  async refusesOptions(): Promise<void> {
    const dryRun = await this.#answers(422, "PUT", `${this.#it}?dryRun=Some`, this.#object());
    assert.equal(dryRun.reason, "Invalid");
    await this.#answers(422, "POST", `${this.#path}?fieldValidation=x`, this.#object());
    await this.#answers(400, "GET", `${this.#path}?limit=many`);
    await this.#answers(400, "GET", `${this.#path}?continue=x`);
    await this.#answers(422, "GET", `${this.#path}?resourceVersionMatch=Exact`);
    await this.#answers(422, "GET", `${this.#path}?watch=1&sendInitialEvents=true`);
    const early = await this.#answers(504, "GET", `${this.#path}?resourceVersion=99999999`);
    assert.equal(early.reason, "Timeout");
    const apply = { "content-type": "application/apply-patch+yaml" };
    await this.#answers(422, "PATCH", this.#it, "{}", apply);
    await this.#answers(400, "PATCH", this.#it, "{", JSON_PATCH);
  }

  /** Most kinds want a POST; those that may be made by a PUT say so. */
  async createsByPut(): Promise<void> {
    const name = `another-${this.#name}`;
    if (NAMES[keyOf(this.kind)] !== undefined) return;
    const put = (metadata: Json = {}) =>
      this.api.call("PUT", `${this.#path}/${name}`, this.#object(name, metadata));
    const ofNothing = await put({ uid: "11111111-1111-1111-1111-111111111111" });
    assert.equal(ofNothing.code, 409, "what was read and is gone is not brought back");
    const code = this.kind.createsOnUpdate ? 201 : 404;
    assert.equal((await put()).code, code, `PUT of a new ${keyOf(this.kind)}`);
    const options = { gracePeriodSeconds: 0 };
    if (code === 201) await this.#answers(200, "DELETE", `${this.#path}/${name}`, options);
  }

  async deletes(): Promise<void> {
    const wrong = { preconditions: { uid: "another" } };
    await this.#answers(409, "DELETE", this.#it, wrong);
    await this.#answers(409, "DELETE", this.#it, { preconditions: { resourceVersion: "1" } });
    await this.#answers(422, "DELETE", this.#it, { propagationPolicy: "Sideways" });
    await this.#answers(400, "DELETE", this.#it, "{");
    await this.#answers(200, "DELETE", `${this.#it}?dryRun=All`);
    await this.#answers(200, "GET", this.#it);
    const options = { gracePeriodSeconds: 0, propagationPolicy: "Background" };
    await this.#answers(200, "DELETE", this.#it, options);
    if (this.kind.isGone === undefined) await this.#answers(404, "GET", this.#it);
    await this.#answers(404, "DELETE", `${this.#path}/nobody`);
  }

  async deletesAll(): Promise<void> {
    if (!this.#verbs.includes("deletecollection")) {
      return void await this.#answers(405, "DELETE", this.#path);
    }
    if (NAMES[keyOf(this.kind)] !== undefined) return;
    for (const name of ["one", "two"]) {
      const object = this.#object(name, { labels: { batch: "yes" } });
      await this.#answers(201, "POST", this.#path, object);
    }
    const options = { gracePeriodSeconds: 0, propagationPolicy: "Background" };
    await this.#answers(200, "DELETE", `${this.#path}?labelSelector=batch%3Dyes`, options);
    const left = await this.#listed();
    assert.equal(left.some((name) => name === "one" || name === "two"), false);
  }
}
