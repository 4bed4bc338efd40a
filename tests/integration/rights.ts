/** Who may do what, as clients of the API find out. */
import assert from "node:assert/strict";
import type { Harness, Json } from "./harness.ts";

export const RBAC = "/apis/rbac.authorization.k8s.io/v1";
export const GROUP = "rbac.authorization.k8s.io";

export type As = Record<string, string>;

export function as(user: string, ...groups: string[]): As {
  return {
    "impersonate-user": user,
    ...(groups.length > 0 && { "impersonate-group": groups.join(",") }),
  };
}

/** May who do what, as the code of the answer: 403 or not. */
export async function isRefused(api: Harness, [method, path]: readonly [string, string], who: As) {
  const isWrite = method === "POST" || method === "PUT" || method === "PATCH";
  const { code } = await api.call(method, path, isWrite ? "{" : undefined, {
    ...who,
    ...(method === "PATCH" && { "content-type": "application/merge-patch+json" }),
  });
  return code === 403;
}

/** @returns the body of an answer that is no error */
export async function must(api: Harness, method: string, path: string, body: Json, who: As = {}) {
  const answer = await api.call(method, path, body, who);
  assert.ok(answer.code < 300, `${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Gives a user a role of these rules, in the whole cluster unless a namespace is named. */
export async function grant(
  api: Harness,
  name: string,
  rules: Json[],
  user: string,
  namespace?: string,
) {
  const at = namespace === undefined ? RBAC : `${RBAC}/namespaces/${namespace}`;
  const [roles, bindings, kind] = namespace === undefined
    ? ["clusterroles", "clusterrolebindings", "ClusterRole"]
    : ["roles", "rolebindings", "Role"];
  await must(api, "POST", `${at}/${roles}`, { metadata: { name }, rules });
  await must(api, "POST", `${at}/${bindings}`, {
    metadata: { name },
    roleRef: { apiGroup: GROUP, kind, name },
    subjects: [{ kind: "User", name: user }],
  });
}
