import type { Master } from "../tests/fixtures/master.ts";

/** So many looks at the control plane, one after the other, have to find it at rest. */
const LOOKS = 10;
const BETWEEN_LOOKS_MS = 100;
/** More than it takes on a busy machine. */
const LIMIT_MS = 300_000;

/** Until no controller of the master has anything to do, and nothing was written since the last look. */
export async function atRest(master: Pick<Master, "fetch">): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  let before = "";
  for (let quiet = 0; quiet < LOOKS;) {
    if (performance.now() > end) {
      throw new Error("Cannot measure: the master does not come to rest");
    }
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
    const response = await master.fetch("/metrics");
    const { revision, isWorking } = lookAt(await response.text());
    quiet = isWorking || revision !== before ? 0 : quiet + 1;
    before = revision;
  }
}

function lookAt(metrics: string): { revision: string; isWorking: boolean } {
  const revision = /^wherry_store_revision (.*)$/m.exec(metrics)?.[1];
  if (revision === undefined) throw new Error("Cannot measure: the master tells no revision");
  const work = metrics.matchAll(/^workqueue_(?:depth|unfinished_work_seconds){.*} (.*)$/gm);
  return { revision, isWorking: work.some(([, amount]) => Number(amount) > 0) };
}
