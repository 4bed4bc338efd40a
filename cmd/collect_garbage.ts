import type { WatchedCache } from "../client/cache.ts";
import type { Dataplane } from "../dataplane/proxy.ts";

/**
 * What the first lists of a large cluster leave behind is garbage that V8 would keep for as long as little more is
 * made: collected before it is planned what they say, and after that. Without `--expose-gc` (AGENT_MEMORY in
 * own_program.ts) V8 does as it likes. Record 0093.
 */
export function collectAfterStart(cache: WatchedCache, dataplane: Dataplane): void {
  const { gc = () => {} } = globalThis as { gc?: () => void };
  void cache.synced().then(() => gc());
  const end = dataplane.onProgrammed(() => {
    end();
    gc();
  });
}
