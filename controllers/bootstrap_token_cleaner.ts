import type { Secret } from "../api/types/core_v1.ts";
import { SECRETS } from "../api/types/resources.ts";
import { type Controller, NOTHING_TO_DO } from "./controller.ts";

export const BOOTSTRAP_TOKEN = "bootstrap.kubernetes.io/token";
const NAMESPACE = "kube-system";

/** Deletes tokens whose time is over; the API takes them no more from that moment on anyway. */
export const bootstrapTokenCleaner: Controller<Secret> = {
  name: "bootstrap-token-cleaner-controller",
  reconciles: SECRETS,
  requeueOn: [],
  plan(secret, { now }) {
    const { namespace, deletionTimestamp } = secret.metadata;
    const isToken = secret.type === BOOTSTRAP_TOKEN && namespace === NAMESPACE;
    const expiration = secret.data?.expiration;
    if (!isToken || deletionTimestamp !== undefined || !expiration) return NOTHING_TO_DO;
    const end = Date.parse(atob(expiration));
    if (Number.isNaN(end)) return NOTHING_TO_DO; // somebody will want to see what is wrong with it
    if (end > now) return { writes: [], againMs: end - now };
    return { writes: [{ verb: "delete", object: secret }] };
  },
};
