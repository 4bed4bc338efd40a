/** Who makes a call. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  /** What the authenticator knows besides, such as the pod that a token is bound to. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const ALL_AUTHENTICATED = "system:authenticated";
export const ALL_UNAUTHENTICATED = "system:unauthenticated";
const ALL_SERVICE_ACCOUNTS = "system:serviceaccounts";
/** May do everything, whatever the roles say. */
export const MASTERS = "system:masters";
export const NODES = "system:nodes";

const NODE_PREFIX = "system:node:";
const ACCOUNT_PREFIX = "system:serviceaccount:";

export const ANONYMOUS: User = { name: "system:anonymous", groups: [ALL_UNAUTHENTICATED] };

/** Everybody who is known belongs to one group more. */
export function signedIn(user: User): User {
  const { groups } = user;
  if (groups.includes(ALL_AUTHENTICATED)) return user;
  return { ...user, groups: [...groups, ALL_AUTHENTICATED] };
}

export function accountUserName(namespace: string, name: string): string {
  return `${ACCOUNT_PREFIX}${namespace}:${name}`;
}

export function accountGroups(namespace: string): string[] {
  return [ALL_SERVICE_ACCOUNTS, `${ALL_SERVICE_ACCOUNTS}:${namespace}`];
}

/** @returns undefined for a user that is no service account */
export function accountOf(userName: string): { namespace: string; name: string } | undefined {
  if (!userName.startsWith(ACCOUNT_PREFIX)) return undefined;
  const [namespace = "", name = "", ...rest] = userName.slice(ACCOUNT_PREFIX.length).split(":");
  return namespace === "" || name === "" || rest.length > 0 ? undefined : { namespace, name };
}

/** The node whose agent this is; undefined for everybody else. */
export function nodeOf({ name, groups }: User): string | undefined {
  const isNode = name.startsWith(NODE_PREFIX) && groups.includes(NODES);
  return isNode ? name.slice(NODE_PREFIX.length) : undefined;
}
