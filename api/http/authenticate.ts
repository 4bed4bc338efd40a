import { createHash } from "node:crypto";
import { StatusError } from "../types/status.ts";
import { ANONYMOUS, signedIn, type User } from "../authentication/user.ts";
import type { Call } from "./exchange.ts";

export type { User };

/** The other end of a TLS connection, from a client certificate that was verified. */
export interface Peer {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** When the certificate ends, in milliseconds since 1970; absent: no end is known. */
  readonly until?: number;
}

/** Bearer tokens, and whose they are. */
export type Tokens = ReadonlyMap<string, User>;

/** @returns who makes the call; `ANONYMOUS` where it does not say @throws {StatusError} Unauthorized on a wrong token */
export type Authenticate = (call: Pick<Call, "header" | "peer">) => User;

/** Knows some tokens. @returns undefined for one that it does not know */
export type TokenAuthenticator = (token: string) => User | undefined;

const BEARER = /^bearer +(\S+)$/i;

/** The user of a token or of a client certificate; a token that is wrong is not made good by a certificate. */
export function authenticator(tokens: readonly TokenAuthenticator[]): Authenticate {
  const users = new WeakMap<Peer, User>();
  return (call) => {
    const authorization = call.header("authorization");
    if (authorization !== null && authorization !== "") return bearer(authorization, tokens);
    const { peer } = call;
    return peer === undefined ? ANONYMOUS : userOf(peer, users);
  };
}

function bearer(authorization: string, tokens: readonly TokenAuthenticator[]): User {
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) throw unauthorized();
  return userOfToken(tokens, token);
}

/** @throws {StatusError} Unauthorized */
export function userOfToken(tokens: readonly TokenAuthenticator[], token: string): User {
  for (const known of tokens) {
    const user = known(token);
    if (user !== undefined) return user;
  }
  throw unauthorized();
}

/** One user for each connection: what is worked out for a user is kept with it. */
function userOf(peer: Peer, users: WeakMap<Peer, User>): User {
  const known = users.get(peer);
  if (known !== undefined) return known;
  const user = signedIn({ name: peer.commonName, groups: peer.organizations });
  users.set(peer, user);
  return user;
}

/**
 * A token is looked up by its hash: the time that takes says nothing of the tokens there are. One that was
 * right before is found without: a guess reaches it only with the same seeded hash of the engine.
 */
export function staticTokens(tokens: Tokens): TokenAuthenticator {
  const byHash = new Map([...tokens].map(([token, user]) => [hashOf(token), signedIn(user)]));
  const proven = new Map<string, User>();
  return (token) => {
    const before = proven.get(token);
    if (before !== undefined) return before;
    const user = byHash.get(hashOf(token));
    if (user !== undefined) proven.set(token, user);
    return user;
  };
}

function unauthorized(): StatusError {
  return new StatusError("Unauthorized", "Unauthorized");
}

export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
