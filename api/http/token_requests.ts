import {
  type BoundObjectReference,
  TOKEN_REQUESTS,
  type TokenRequest,
} from "../types/authentication_v1.ts";
import type { Pod } from "../types/core_v1.ts";
import { invalid, invalidStatus } from "../types/field_errors.ts";
import type { KubeObject } from "../types/meta.ts";
import { NODES, PODS, type Resource, SECRETS, SERVICE_ACCOUNTS } from "../types/resources.ts";
import { StatusError } from "../types/status.ts";
import type { Store } from "../../store/store.ts";
import type { Binding, Named } from "../authentication/account_claims.ts";
import { ISSUER, type ServiceAccountTokens } from "../authentication/service_account_tokens.ts";
import { nodeOf, type User } from "../authentication/user.ts";
import { decodeObject } from "../registry/decode_object.ts";
import { keyOf } from "../registry/keys.ts";
import type { AnswerSubresource } from "../registry/kind.ts";
import { conflict, forbidden, notFound } from "../registry/refusals.ts";
import { secondsOf } from "../registry/times.ts";
import type { Call, Reply } from "./exchange.ts";
import { writeOptionsOf } from "./query.ts";
import { readObject } from "./read_body.ts";
import { objectReply } from "./replies.ts";
import type { Target } from "./resources.ts";
import { wireFor } from "./wire.ts";

/** Source: k8s.io/kubernetes, pkg/apis/authentication. */
const SECONDS_DEFAULT = 3600;
const SECONDS_MIN = 600;
const SECONDS_MAX = 2 ** 32;

const BINDABLE: Readonly<Record<string, Resource<KubeObject>>> = {
  Pod: PODS as Resource<KubeObject>,
  Secret: SECRETS as Resource<KubeObject>,
  Node: NODES as Resource<KubeObject>,
};

/** Answers `serviceaccounts/NAME/token` with a token of the account. */
export class TokenRequests {
  readonly #store: Store;
  readonly #tokens: ServiceAccountTokens;
  readonly #now: () => number;
  constructor(store: Store, tokens: ServiceAccountTokens, now: () => number) {
    this.#store = store;
    this.#tokens = tokens;
    this.#now = now;
  }

  async answer(
    call: Call,
    { schema }: AnswerSubresource,
    { namespace = "", name }: Target,
  ): Promise<Reply> {
    const { fieldValidation } = writeOptionsOf(call.query);
    const { json, doubles } = await readObject(call, { resource: TOKEN_REQUESTS, schema });
    const decoded = decodeObject(TOKEN_REQUESTS, schema, json, { fieldValidation, doubles });
    const answered = await this.#answer(
      decoded.object as TokenRequest,
      { namespace, name },
      call.user,
    );
    return objectReply(wireFor(call.header("accept")), schema, answered, 201);
  }

  /** @throws {StatusError} NotFound, Invalid, Conflict, BadRequest, Forbidden */
  async #answer(
    request: TokenRequest,
    { namespace, name }: { namespace: string; name: string },
    user: User | undefined,
  ): Promise<TokenRequest> {
    const { audiences = [], expirationSeconds: seconds = SECONDS_DEFAULT, boundObjectRef } =
      request.spec;
    const account = this.#find(SERVICE_ACCOUNTS, namespace, name);
    rejectSeconds(seconds);
    const bound = boundObjectRef && this.#bound(boundObjectRef, namespace, name);
    rejectForeignNode(user, name, bound);
    const serviceaccount = named(account);
    const binding: Binding = { namespace, serviceaccount, ...bound };
    const meant = audiences.length === 0 ? [ISSUER] : audiences;
    const { token, expires } = await this.#tokens.issue({ binding, audiences: meant, seconds });
    return {
      ...request,
      metadata: { name, namespace, creationTimestamp: secondsOf(this.#now()) },
      spec: { ...request.spec, audiences: meant, expirationSeconds: seconds },
      status: { token, expirationTimestamp: secondsOf(expires) },
    };
  }

  #bound(
    { kind = "", apiVersion = "v1", name = "", uid = "" }: BoundObjectReference,
    namespace: string,
    account: string,
  ): Omit<Binding, "namespace" | "serviceaccount"> {
    const resource = apiVersion === "v1" ? BINDABLE[kind] : undefined;
    if (resource === undefined) {
      const why = `cannot bind token to object of type ${apiVersion}, Kind=${kind}`;
      throw new StatusError("BadRequest", why);
    }
    const object = this.#find(resource, resource.isNamespaced ? namespace : "", name);
    if (uid !== "" && uid !== object.metadata.uid) {
      const why = `the UID in the bound object reference (${uid}) does not match the UID in ` +
        "record. The object might have been deleted and then recreated";
      throw conflict(resource, name, why);
    }
    if (kind !== "Pod") return { [kind.toLowerCase()]: named(object) };
    const { spec: { serviceAccountName, nodeName = "" } } = object as Pod;
    if (serviceAccountName !== account) {
      const why = `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod ` +
        "running with different serviceaccount name.";
      throw new StatusError("BadRequest", why);
    }
    if (nodeName === "") return { pod: named(object) };
    const node = this.#store.get(keyOf(NODES, "", nodeName))?.object as KubeObject | undefined;
    return { pod: named(object), node: { name: nodeName, uid: node?.metadata.uid ?? "" } };
  }

  #find(resource: Resource<KubeObject>, namespace: string, name: string): KubeObject {
    const found = this.#store.get(keyOf(resource, namespace, name));
    if (found === undefined) throw notFound(resource, name);
    return found.object as KubeObject;
  }
}

function named({ metadata: { name, uid = "" } }: KubeObject): Named {
  return { name, uid };
}

function rejectSeconds(seconds: number): void {
  const why = seconds < SECONDS_MIN
    ? "may not specify a duration less than 10 minutes"
    : seconds > SECONDS_MAX
    ? "may not specify a duration larger than 2^32 seconds"
    : undefined;
  if (why === undefined) return;
  throw invalidStatus(TOKEN_REQUESTS, "", [invalid("spec.expirationSeconds", seconds, why)]);
}

/** An agent gets tokens for its own pods. Source: k8s.io/kubernetes, plugin noderestriction. */
function rejectForeignNode(
  user: User | undefined,
  account: string,
  bound: Omit<Binding, "namespace" | "serviceaccount"> | undefined,
): void {
  const node = user === undefined ? undefined : nodeOf(user);
  if (node === undefined) return;
  const refuse = (why: string) => forbidden(SERVICE_ACCOUNTS, account, why);
  if (bound?.pod === undefined) throw refuse("node requested token not bound to a pod");
  if (bound.node?.name !== node) {
    throw refuse("node requested token bound to a pod scheduled on a different node");
  }
}
