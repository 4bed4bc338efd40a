import { rejectNotRoot } from "./host_checks.ts";
import type { Settings } from "./flags.ts";
import { Progress } from "./progress.ts";
import { takeDown } from "./take_down.ts";

export async function down(settings: Settings): Promise<void> {
  rejectNotRoot();
  await takeDown(settings, new Progress());
}
