import type { Policy } from "../scheduler/policy.ts";

/**
 * What a file says of how nodes are chosen; undefined without a file.
 * @throws {Error} with the file and all that is wrong in it: a scheduler must not go by other rules than it was given
 */
export async function readSchedulerPolicy(path: string): Promise<Policy | undefined> {
  if (path === "") return undefined;
  const { parsePolicy } = await import("../scheduler/policy_file.ts");
  try {
    return parsePolicy(await Deno.readTextFile(path));
  } catch (error) {
    throw new Error(`${(error as Error).message}, in ${path}`);
  }
}
