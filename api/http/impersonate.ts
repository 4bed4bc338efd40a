import type { Attributes } from "../authorization/attributes.ts";
import { type Authorizer, rejectForbidden } from "../authorization/authorizer.ts";
import {
  accountGroups,
  accountOf,
  ALL_AUTHENTICATED,
  ALL_UNAUTHENTICATED,
  ANONYMOUS,
  signedIn,
  type User,
} from "../authentication/user.ts";
import { StatusError } from "../types/status.ts";
import type { Call } from "./exchange.ts";

const EXTRA = "impersonate-extra-";
const AUTHENTICATION = "authentication.k8s.io";

/** Whom a call wants to be taken for. */
interface Asked {
  readonly user: string;
  readonly groups: readonly string[];
  readonly uid: string;
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/**
 * Who may act as another (`kubectl --as`), and then may do what the other may.
 * Source: k8s.io/apiserver, filters.WithImpersonation.
 * @throws {StatusError} Forbidden, BadRequest for groups without a user
 */
export function impersonated(
  user: User,
  call: Pick<Call, "header" | "headerNames" | "path">,
  authorizer: Authorizer,
): User {
  const name = call.header("impersonate-user") ?? "";
  const isAsked = name !== "" || call.header("impersonate-group") !== null ||
    call.header("impersonate-uid") !== null;
  if (!isAsked) return user;
  const asked = askedIn(call, name);
  if (name === "") {
    const why = `requested ${JSON.stringify(asked.groups)} without impersonating a user`;
    throw new StatusError("BadRequest", why);
  }
  for (const attributes of powersFor(asked, call.path)) {
    rejectForbidden(authorizer, user, attributes);
  }
  return actingAs(asked);
}

function askedIn(call: Pick<Call, "header" | "headerNames">, user: string): Asked {
  const extra = [...call.headerNames()].map((header) => header.toLowerCase())
    .filter((header) => header.startsWith(EXTRA))
    .map((header): [string, string[]] => [
      decodeKey(header.slice(EXTRA.length)),
      listed(call.header(header)),
    ]);
  return {
    user,
    groups: listed(call.header("impersonate-group")),
    uid: call.header("impersonate-uid") ?? "",
    extra: new Map(extra),
  };
}

/** Headers that stand more than once come as one, with commas. */
function listed(value: string | null): string[] {
  return (value ?? "").split(",").map((one) => one.trim()).filter((one) => one !== "");
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // no escape, then: it is the key itself
  }
}

/** One right for each thing that is asked for. */
function powersFor({ user, groups, uid, extra }: Asked, path: string): Attributes[] {
  const power = (group: string, resource: string, name: string, more = {}): Attributes => ({
    verb: "impersonate",
    path,
    resource: { group, resource, subresource: "", namespace: "", name, ...more },
  });
  const account = accountOf(user);
  const { namespace = "" } = account ?? {};
  return [
    account === undefined
      ? power("", "users", user)
      : power("", "serviceaccounts", account.name, { namespace }),
    ...groups.map((group) => power("", "groups", group)),
    ...[...extra].flatMap(([key, values]) =>
      values.map((value) => power(AUTHENTICATION, "userextras", value, { subresource: key }))
    ),
    ...(uid === "" ? [] : [power(AUTHENTICATION, "uids", uid)]),
  ];
}

/** A service account belongs to its groups, whoever acts as it; and everybody to those that are known. */
function actingAs({ user, groups, uid, extra }: Asked): User {
  const account = accountOf(user);
  const own = groups.length === 0 && account !== undefined
    ? accountGroups(account.namespace)
    : groups;
  const other: User = {
    name: user,
    groups: own,
    ...(uid !== "" && { uid }),
    ...(extra.size > 0 && { extra: Object.fromEntries(extra) }),
  };
  if (own.includes(ALL_AUTHENTICATED) || own.includes(ALL_UNAUTHENTICATED)) return other;
  return user === ANONYMOUS.name
    ? { ...other, groups: [...own, ALL_UNAUTHENTICATED] }
    : signedIn(other);
}
