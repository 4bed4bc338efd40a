import type { ProgrammedEndpoints } from "../agent/agent.ts";
import type { Dataplane } from "../dataplane/proxy.ts";

/** What the data path has programmed, as the agent tells it to the master. */
export function programmedBy(dataplane: Dataplane): ProgrammedEndpoints {
  return {
    revision: () => dataplane.programmed.endpoints,
    onChange: (listener) => {
      let last = 0;
      dataplane.onProgrammed(({ endpoints }) => {
        if (endpoints === last) return;
        last = endpoints;
        listener();
      });
    },
  };
}
