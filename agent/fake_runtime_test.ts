import { FakeClock } from "../client/fake_clock.ts";
import { FakeRuntime } from "./fake_runtime.ts";
import { PROGRAMS, testRuntime } from "./runtime_contract.ts";

const IMAGE = "wherry-test/busybox:1";

testRuntime("FakeRuntime", () => {
  const clock = new FakeClock();
  const runtime = new FakeRuntime(clock);
  runtime.images.add(IMAGE);
  for (const { command, does } of PROGRAMS) runtime.programs.set(command.join(" "), does);
  let uids = 0;
  return Promise.resolve({ open: () => runtime, image: IMAGE, uid: () => `uid-${++uids}` });
});
