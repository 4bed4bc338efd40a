import { createHash } from "node:crypto";
import { StatusError } from "../types/status.ts";
import type { Call } from "./exchange.ts";

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
}

/** The other end of a TLS connection, from a client certificate that was verified. */
export interface Peer {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

/** Bearer tokens, and whose they are. */
export type Tokens = ReadonlyMap<string, User>;

export const ANONYMOUS: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };
const AUTHENTICATED = "system:authenticated";

/** @returns who makes the call; `ANONYMOUS` where it does not say @throws {StatusError} Unauthorized on a wrong token */
export type Authenticate = (call: Pick<Call, "header" | "peer">) => User;

/** A token is looked up by its hash: the time that takes says nothing of the tokens there are. */
export function authenticator(tokens: Tokens): Authenticate {
  const byHash = new Map([...tokens].map(([token, user]) => [hashOf(token), signedIn(user)]));
  return (call) => {
    const authorization = call.header("authorization") ?? "";
    if (authorization !== "") {
      const [scheme = "", token = ""] = authorization.split(" ");
      const user = scheme.toLowerCase() === "bearer" ? byHash.get(hashOf(token)) : undefined;
      if (user === undefined) throw unauthorized();
      return user;
    }
    const { peer } = call;
    if (peer === undefined) return ANONYMOUS;
    return signedIn({ name: peer.commonName, groups: peer.organizations });
  };
}

export function unauthorized(): StatusError {
  return new StatusError("Unauthorized", "Unauthorized");
}

function signedIn(user: User): User {
  const { groups } = user;
  return groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...groups, AUTHENTICATED] };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
