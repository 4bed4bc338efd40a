import type { User } from "./user.ts";
import { accountGroups, accountUserName, signedIn } from "./user.ts";

/** An object by name, and which one of that name. */
export interface Named {
  readonly name: string;
  readonly uid: string;
}

/** What a token of a service account is tied to: it ends with any of these. */
export interface Binding {
  readonly namespace: string;
  readonly serviceaccount: Named;
  readonly pod?: Named;
  readonly secret?: Named;
  readonly node?: Named;
}

/** Source: k8s.io/kubernetes, pkg/serviceaccount/claims.go. Times in seconds since 1970. */
export interface AccountClaims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly "kubernetes.io": Binding;
  readonly nbf: number;
  readonly sub: string;
}

/** Of tokens that stand in secrets and do not expire. Source: pkg/serviceaccount/legacy.go. */
export interface SecretClaims {
  readonly iss: typeof SECRET_ISSUER;
  readonly "kubernetes.io/serviceaccount/namespace": string;
  readonly "kubernetes.io/serviceaccount/secret.name": string;
  readonly "kubernetes.io/serviceaccount/service-account.name": string;
  readonly "kubernetes.io/serviceaccount/service-account.uid": string;
  readonly sub: string;
}

export const SECRET_ISSUER = "kubernetes/serviceaccount";

export function secretClaims(namespace: string, account: Named, secretName: string): SecretClaims {
  return {
    iss: SECRET_ISSUER,
    "kubernetes.io/serviceaccount/namespace": namespace,
    "kubernetes.io/serviceaccount/secret.name": secretName,
    "kubernetes.io/serviceaccount/service-account.name": account.name,
    "kubernetes.io/serviceaccount/service-account.uid": account.uid,
    sub: accountUserName(namespace, account.name),
  };
}

export function accountUser({ namespace, serviceaccount }: Binding, extra: User["extra"]): User {
  const { name, uid } = serviceaccount;
  return signedIn({
    name: accountUserName(namespace, name),
    uid,
    groups: accountGroups(namespace),
    ...(extra !== undefined && { extra }),
  });
}

const EXTRA = "authentication.kubernetes.io";

/** What programs behind the API may want to know of the token, such as where the pod runs. */
export function extraOf({ jti, "kubernetes.io": { pod, node } }: AccountClaims): User["extra"] {
  return {
    [`${EXTRA}/credential-id`]: [`JTI=${jti}`],
    ...(node !== undefined && {
      [`${EXTRA}/node-name`]: [node.name],
      ...(node.uid !== "" && { [`${EXTRA}/node-uid`]: [node.uid] }),
    }),
    ...(pod !== undefined && {
      [`${EXTRA}/pod-name`]: [pod.name],
      [`${EXTRA}/pod-uid`]: [pod.uid],
    }),
  };
}
