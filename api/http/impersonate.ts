import { StatusError } from "../types/status.ts";
import type { User } from "./authenticate.ts";
import type { Call } from "./exchange.ts";

const ALL_POWERFUL = "system:masters";

/**
 * An administrator may act as another user (`kubectl --as`), and then may do what that user may.
 * @throws {StatusError} Forbidden for anybody else
 */
export function impersonated(user: User, call: Pick<Call, "header">): User {
  const name = call.header("impersonate-user") ?? "";
  const groups = call.header("impersonate-group") ?? "";
  if (name === "" && groups === "") return user;
  if (name === "" || !user.groups.includes(ALL_POWERFUL)) {
    const what = name === ""
      ? "impersonated groups without a user"
      : `users ${JSON.stringify(name)}`;
    const why = `${what} is forbidden: User ${JSON.stringify(user.name)} cannot impersonate`;
    throw new StatusError("Forbidden", why);
  }
  const asked = groups === "" ? [] : groups.split(",").map((group) => group.trim());
  const uid = call.header("impersonate-uid");
  return {
    name,
    groups: [...new Set([...asked, "system:authenticated"])],
    ...(uid !== null && { uid }),
  };
}
