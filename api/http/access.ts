import type { Clock, Random } from "../types/ambient.ts";
import type { Store } from "../../store/store.ts";
import type { InformedRules } from "../admission/chain.ts";
import { certificateRequests } from "../admission/certificate_requests.ts";
import { priority, PriorityClasses } from "../admission/priority.ts";
import { rbacEscalation } from "../admission/rbac_escalation.ts";
import { serviceAccount } from "../admission/service_account.ts";
import { bootstrapUser } from "../authentication/bootstrap_tokens.ts";
import { ISSUER, ServiceAccountTokens } from "../authentication/service_account_tokens.ts";
import { type SignBeside, SigningKey } from "../authentication/signing_key.ts";
import { type Authorizer, AuthorizerChain } from "../authorization/authorizer.ts";
import { NodeAuthorizer } from "../authorization/node.ts";
import { RbacAuthorizer } from "../authorization/rbac.ts";
import {
  type Authenticate,
  authenticator,
  staticTokens,
  type TokenAuthenticator,
  type Tokens,
  userOfToken,
} from "./authenticate.ts";
import type { Reply } from "./exchange.ts";
import { openIdDocuments } from "./openid.ts";
import { Reviews, type TokenReader } from "./reviews.ts";
import type { Ask } from "./router.ts";
import { TokenRequests } from "./token_requests.ts";

export interface AccessOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly newUid: () => string;
  readonly tokens: Tokens;
  /** PEM of the key that signs tokens of service accounts; absent: one that goes with the process. */
  readonly serviceAccountKey?: string | undefined;
  /** Signs with that key on another thread; absent: the one that serves does. */
  readonly signBeside?: SignBeside | undefined;
}

/** All that says who somebody is and what they may do, over one store. */
export interface Access {
  readonly authenticate: Authenticate;
  readonly authorizer: Authorizer;
  readonly reviews: Reviews;
  readonly ask: Ask;
  readonly tokens: ServiceAccountTokens;
  /** Rules over writes that know roles and classes. */
  readonly admission: InformedRules;
  openId(path: string): Reply | undefined;
  close(): void;
}

export function openAccess(options: AccessOptions): Access {
  const { store, clock, newUid } = options;
  const now = () => clock.now();
  const rbac = new RbacAuthorizer(store);
  const nodes = new NodeAuthorizer(store);
  const classes = new PriorityClasses(store);
  const authorizer = new AuthorizerChain([nodes, rbac]);
  const key = new SigningKey(options.serviceAccountKey, options.signBeside);
  const tokens = new ServiceAccountTokens({ key, store, now, newUid });
  const known = [
    staticTokens(options.tokens),
    (token: string) => bootstrapUser(store, now(), token),
  ];
  const requests = new TokenRequests(store, tokens, now);
  return {
    authenticate: authenticator([...known, (token) => tokens.read(token)?.user]),
    authorizer,
    reviews: new Reviews({ authorizer, readToken: tokenReader(known, tokens), now }),
    ask: (call, subresource, target) => requests.answer(call, subresource, target),
    tokens,
    admission: {
      rbacEscalation: rbacEscalation(
        authorizer,
        (roleRef, namespace) => rbac.roleRules(roleRef, namespace),
      ),
      priority: priority(classes),
      certificateRequests: certificateRequests(authorizer),
      serviceAccount: serviceAccount(options.random),
    },
    openId: openIdDocuments(key.jwk),
    close() {
      rbac.close();
      nodes.close();
      classes.close();
    },
  };
}

/** Tokens that are for the API alone say nothing of others. */
function tokenReader(
  known: readonly TokenAuthenticator[],
  tokens: ServiceAccountTokens,
): TokenReader {
  return (token, audiences) => {
    const read = tokens.read(token, audiences.length === 0 ? [ISSUER] : audiences);
    if (read !== undefined) return read;
    return { user: userOfToken(known, token), audiences: [...audiences] };
  };
}
