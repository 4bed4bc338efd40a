import type { Secret, ServiceAccount } from "../api/types/core_v1.ts";
import { SECRETS, SERVICE_ACCOUNTS } from "../api/types/resources.ts";
import { toward } from "../client/writes.ts";
import { type Controller, keyOf, NOTHING_TO_DO, onChangeOf } from "./controller.ts";

export const TOKEN_SECRET = "kubernetes.io/service-account-token";
const ACCOUNT_NAME = "kubernetes.io/service-account.name";
const ACCOUNT_UID = "kubernetes.io/service-account.uid";

export interface TokenSources {
  readonly caPem: string;
  /** @returns a token of the account that ends with the secret */
  sign(namespace: string, account: { name: string; uid: string }, secret: string): string;
}

/** Fills secrets that ask for a token of a service account, and removes those whose account is gone. */
export function serviceAccountTokenController(sources: TokenSources): Controller<Secret> {
  return {
    name: "tokens-controller",
    reconciles: SECRETS,
    requeueOn: [
      onChangeOf(SERVICE_ACCOUNTS, ({ before, after }, cache) => {
        const { namespace = "", name = "" } = (after ?? before)?.metadata ?? {};
        return cache.list(SECRETS, namespace).filter((secret) => isOf(secret, name)).map(keyOf);
      }),
    ],
    /** From the API: an account that is created together with its secret may not be in the cache yet. */
    reads: ({ namespace }, secret) => {
      const name = secret?.metadata.annotations?.[ACCOUNT_NAME];
      if (secret?.type !== TOKEN_SECRET || name === undefined) return [];
      const options = { namespace, fieldSelector: `metadata.name=${name}` };
      return [{ resource: SERVICE_ACCOUNTS, options }];
    },
    plan(secret, { read }) {
      if (secret.type !== TOKEN_SECRET || secret.metadata.deletionTimestamp !== undefined) {
        return NOTHING_TO_DO;
      }
      const account = accountOf(secret, read(SERVICE_ACCOUNTS));
      if (account === undefined) return { writes: [{ verb: "delete", object: secret }] };
      return { writes: toward(secret, filled(secret, account, sources)) };
    },
  };
}

function isOf({ type, metadata }: Readonly<Secret>, account: string): boolean {
  return type === TOKEN_SECRET && metadata.annotations?.[ACCOUNT_NAME] === account;
}

/** An account of the same name that came later is another one. */
function accountOf(
  { metadata: { annotations = {} } }: Readonly<Secret>,
  found: readonly Readonly<ServiceAccount>[],
) {
  const account = found.find(({ metadata }) => metadata.name === annotations[ACCOUNT_NAME]);
  const uid = annotations[ACCOUNT_UID];
  return uid === undefined || uid === account?.metadata.uid ? account : undefined;
}

function filled(
  secret: Readonly<Secret>,
  { metadata: { name, uid = "" } }: Readonly<ServiceAccount>,
  { caPem, sign }: TokenSources,
): Secret {
  const { metadata, data = {} } = secret;
  const { namespace = "" } = metadata;
  const token = data["token"] ?? base64(sign(namespace, { name, uid }, metadata.name));
  return {
    ...secret,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [ACCOUNT_UID]: uid } },
    data: { ...data, token, namespace: base64(namespace), "ca.crt": base64(caPem) },
  };
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
