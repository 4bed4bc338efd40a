import { createHash } from "node:crypto";
import type { Secret } from "../types/core_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import { NODES, PODS, type Resource, SECRETS, SERVICE_ACCOUNTS } from "../types/resources.ts";
import type { Store } from "../../store/store.ts";
import { keyOf } from "../registry/keys.ts";
import {
  type AccountClaims,
  accountUser,
  type Binding,
  extraOf,
  type Named,
  SECRET_ISSUER,
  type SecretClaims,
  secretClaims,
} from "./account_claims.ts";
import { accountUserName, type User } from "./user.ts";
import type { SigningKey } from "./signing_key.ts";

/** Source: kubeadm, --service-account-issuer. It is also whom a token is for, unless somebody asks for others. */
export const ISSUER = "https://kubernetes.default.svc.cluster.local";

/** Tokens whose signature has been checked. Beyond, the oldest is checked again. */
const KNOWN_MAX = 4096;

/** A deleted pod's token holds on for what the pod still has to do. Source: pkg/serviceaccount, claims.go. */
const ENDING_GRACE_MS = 60_000;

export interface TokenOptions {
  readonly key: SigningKey;
  readonly store: Store;
  readonly now: () => number;
  readonly newUid: () => string;
}

export interface TokenWish {
  readonly binding: Binding;
  readonly audiences: readonly string[];
  readonly seconds: number;
}

/** A token that was understood. */
export interface ReadToken {
  readonly user: User;
  readonly audiences: readonly string[];
}

/** A token by what it says; what it is tied to is looked up at each use. */
interface Known extends ReadToken {
  readonly binding: Binding;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
}

/** Makes tokens of service accounts and knows whose they are, as long as all that they are tied to is there. */
export class ServiceAccountTokens {
  readonly #with: TokenOptions;
  readonly #known = new Map<string, Known>();
  constructor(options: TokenOptions) {
    this.#with = options;
  }

  /** @returns the token, and when it ends, in milliseconds since 1970 */
  async issue(
    { binding, audiences, seconds }: TokenWish,
  ): Promise<{ token: string; expires: number }> {
    const { key, now, newUid } = this.#with;
    const iat = Math.floor(now() / 1000);
    const exp = iat + seconds;
    const claims: AccountClaims = {
      aud: audiences,
      exp,
      iat,
      iss: ISSUER,
      jti: newUid(),
      "kubernetes.io": binding,
      nbf: iat,
      sub: accountUserName(binding.namespace, binding.serviceaccount.name),
    };
    return { token: await key.signBeside({ ...claims }), expires: exp * 1000 };
  }

  /** For a secret of type `kubernetes.io/service-account-token`: it ends with the secret. */
  issueForSecret(namespace: string, account: Named, secretName: string): string {
    return this.#with.key.sign({ ...secretClaims(namespace, account, secretName) });
  }

  /** @returns undefined for a token that is none of ours, is not for `audiences`, or has ended */
  read(token: string, audiences: readonly string[] = [ISSUER]): ReadToken | undefined {
    if (!token.startsWith("ey")) return undefined;
    const id = createHash("sha256").update(token).digest("base64");
    const known = this.#known.get(id) ?? this.#learn(id, token);
    if (known === undefined) return undefined;
    const now = this.#with.now();
    if (now < known.from || now >= known.until || !this.#isAlive(known.binding, now)) {
      return undefined;
    }
    if (known.until === Infinity && !this.#holds(known.binding, token)) return undefined;
    const meant = known.audiences.filter((audience) => audiences.includes(audience));
    return meant.length === 0 ? undefined : { user: known.user, audiences: meant };
  }

  #learn(id: string, token: string): Known | undefined {
    const claims = this.#with.key.verified(token);
    const known = claims?.["iss"] === SECRET_ISSUER
      ? this.#ofSecret(claims as unknown as SecretClaims)
      : claims?.["iss"] === ISSUER
      ? ofClaims(claims as unknown as AccountClaims)
      : undefined;
    if (known === undefined) return undefined;
    if (this.#known.size >= KNOWN_MAX) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    this.#known.set(id, known);
    return known;
  }

  #ofSecret(claims: SecretClaims): Known | undefined {
    const namespace = claims["kubernetes.io/serviceaccount/namespace"];
    const name = claims["kubernetes.io/serviceaccount/secret.name"];
    const secret = this.#find(SECRETS, namespace, name);
    if (secret === undefined) return undefined;
    const binding: Binding = {
      namespace,
      serviceaccount: {
        name: claims["kubernetes.io/serviceaccount/service-account.name"],
        uid: claims["kubernetes.io/serviceaccount/service-account.uid"],
      },
      secret: { name, uid: secret.metadata.uid ?? "" },
    };
    const user = accountUser(binding, undefined);
    return { user, audiences: [ISSUER], binding, from: 0, until: Infinity };
  }

  /** One that was taken out of its secret is void. */
  #holds({ namespace, secret }: Binding, token: string): boolean {
    const found = this.#find(SECRETS, namespace, secret?.name ?? "") as Secret | undefined;
    return Buffer.from(found?.data?.["token"] ?? "", "base64").toString() === token;
  }

  #isAlive({ namespace, serviceaccount, pod, secret, node }: Binding, now: number): boolean {
    return this.#isThere(SERVICE_ACCOUNTS, namespace, serviceaccount, now) &&
      (pod === undefined || this.#isThere(PODS, namespace, pod, now)) &&
      (secret === undefined || this.#isThere(SECRETS, namespace, secret, now)) &&
      (node === undefined || pod !== undefined || this.#isThere(NODES, "", node, now));
  }

  #isThere(
    resource: Resource<KubeObject>,
    namespace: string,
    { name, uid }: Named,
    now: number,
  ): boolean {
    const found = this.#find(resource, namespace, name);
    if (found === undefined || found.metadata.uid !== uid) return false;
    const { deletionTimestamp } = found.metadata;
    return deletionTimestamp === undefined ||
      now < Date.parse(deletionTimestamp) + ENDING_GRACE_MS;
  }

  #find(resource: Resource<KubeObject>, namespace: string, name: string): KubeObject | undefined {
    return this.#with.store.get(keyOf(resource, namespace, name))?.object as KubeObject | undefined;
  }
}

function ofClaims(claims: AccountClaims): Known {
  const { aud, exp, nbf, "kubernetes.io": binding } = claims;
  const user = accountUser(binding, extraOf(claims));
  return { user, audiences: aud, binding, from: nbf * 1000, until: exp * 1000 };
}
