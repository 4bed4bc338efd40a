import { createHash, timingSafeEqual } from "node:crypto";
import type { Secret } from "../types/core_v1.ts";
import { SECRETS } from "../types/resources.ts";
import type { Store } from "../../store/store.ts";
import { keyOf } from "../registry/keys.ts";
import { signedIn, type User } from "./user.ts";

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const NAMESPACE = "kube-system";
const PREFIX = "bootstrap-token-";
const TYPE = "bootstrap.kubernetes.io/token";
const GROUP = "system:bootstrappers";
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/**
 * Tokens `ID.SECRET` with which a machine joins the cluster: each is a secret, and ends with it or at the time that
 * stands in it. Source: k8s.io/kubernetes, plugin/pkg/auth/authenticator/token/bootstrap.
 * @returns undefined for any other token
 */
export function bootstrapUser(store: Store, now: number, token: string): User | undefined {
  const [, id, secret] = TOKEN.exec(token) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  const stored = store.get(keyOf(SECRETS, NAMESPACE, PREFIX + id))?.object as Secret | undefined;
  if (stored === undefined || stored.metadata.deletionTimestamp !== undefined) return undefined;
  const said = (key: string) => Buffer.from(stored.data?.[key] ?? "", "base64").toString();
  const isGood = stored.type === TYPE && said("token-id") === id &&
    isSame(said("token-secret"), secret) && said("usage-bootstrap-authentication") === "true" &&
    !isOver(said("expiration"), now);
  if (!isGood) return undefined;
  const more = said("auth-extra-groups").split(",").map((group) => group.trim())
    .filter((group) => group !== "");
  if (!more.every((group) => EXTRA_GROUP.test(group))) return undefined;
  return signedIn({ name: `system:bootstrap:${id}`, groups: [GROUP, ...new Set(more)] });
}

/** A time that can't be read is over: better a join that fails than one that nobody meant. */
function isOver(expiration: string, now: number): boolean {
  return expiration !== "" && !(Date.parse(expiration) > now);
}

function isSame(a: string, b: string): boolean {
  const hashOf = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hashOf(a), hashOf(b));
}
