import { lockDataPath } from "../dataplane/host_lock.ts";
import type { ClusterNames } from "../dataplane/names.ts";
import { realClock } from "./clock.ts";

/** What an agent was just starting when it was killed holds its lock for a moment longer. */
const LOCK_MS_MAX = 5_000;
const LOCK_AGAIN_MS = 100;

/** @throws {Error} when another agent of the cluster runs here */
export async function lockOnceFree(names: ClusterNames): Promise<void> {
  for (const until = realClock.now() + LOCK_MS_MAX;;) {
    try {
      return void lockDataPath(names);
    } catch (error) {
      if (realClock.now() > until) throw error;
      await new Promise<void>((resolve) => realClock.after(LOCK_AGAIN_MS, resolve));
    }
  }
}
