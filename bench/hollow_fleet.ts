import { HttpApi } from "../client/http_api.ts";
import { HollowHost, runHollowNode } from "../cmd/hollow_node.ts";
import { realClock } from "../cmd/clock.ts";
import { KUBERNETES_VERSION } from "../cmd/version.ts";
import type { Master } from "../tests/fixtures/master.ts";

/** Hollow nodes in this process, over the network against a master: each can be ended alone. */
export interface HollowFleet extends AsyncDisposable {
  readonly master: Master;
  /** As a node that loses its power: it says nothing any more. */
  kill(index: number): void;
}

export function startFleet(master: Master, count: number): HollowFleet {
  const { url, token, ca } = master;
  const client = Deno.createHttpClient({ caCerts: [ca] });
  const fetching = (request: Request) => fetch(request, { client });
  const api = new HttpApi({ baseUrl: url, token, userAgent: "kubelet", fetch: fetching });
  const endings = Array.from({ length: count }, () => new AbortController());
  const runs = endings.map(({ signal }, index) =>
    runHollowNode({
      host: hostOf(index),
      ...{ api, clock: realClock, random: Math.random, log: () => {}, signal },
      ...{ version: KUBERNETES_VERSION, hasDataplane: false },
    })
  );
  return {
    master,
    kill: (index) => endings[index]!.abort(),
    async [Symbol.asyncDispose]() {
      for (const ending of endings) ending.abort();
      await Promise.allSettled(runs);
      client.close();
    },
  };
}

function hostOf(index: number): HollowHost {
  const host = new HollowHost(
    `hollow-${index}`,
    `198.18.0.${index + 1}`,
    `10.200.${index}`,
    realClock,
  );
  host.runtime.remembersCalls = false;
  return host;
}
