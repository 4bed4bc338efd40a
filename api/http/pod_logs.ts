import { StatusError } from "../types/status.ts";
import type { Store } from "../../store/store.ts";
import type { AgentTransport } from "./agents.ts";
import type { Call, Flow, Reply, Sink } from "./exchange.ts";
import { logPath, podTarget } from "./pod_target.ts";
import type { Connect } from "./router.ts";

const TEXT = { "content-type": "text/plain", "x-content-type-options": "nosniff" };

/** The streams of pods that a plain request can have: logs. The others need an upgrade. */
export function podConnect(agents: AgentTransport | undefined, store: Store): Connect {
  return (call, subresource, { namespace = "", name }) => {
    if (subresource === "log") return logs(agents, store, call, { namespace, name });
    throw new StatusError("BadRequest", "Upgrade request required");
  };
}

async function logs(
  agents: AgentTransport | undefined,
  store: Store,
  { query }: Call,
  place: { namespace: string; name: string },
): Promise<Reply> {
  const { pod, node } = podTarget(store, place.namespace, place.name);
  const path = logPath(pod, query);
  if (node === undefined) return { status: 200, headers: TEXT, body: new Uint8Array() };
  if (agents === undefined) throw noAgents();
  const leaving = new AbortController();
  const answer = await agents.fetch(node, path, { signal: leaving.signal });
  if (!answer.ok) throw refusalOf(answer.status, (await answer.text()).trim());
  return { status: 200, headers: TEXT, body: relay(answer, () => leaving.abort()) };
}

export function noAgents(): StatusError {
  return new StatusError("ServiceUnavailable", "this server has no way to the agents of nodes");
}

/** What the agent says is meant for the user: a container that waits, logs that are gone. */
function refusalOf(code: number, text: string): StatusError {
  if (code === 404) return new StatusError("NotFound", text);
  if (code < 500) return new StatusError("BadRequest", text);
  return new StatusError("InternalError", `the agent answered ${code}: ${text}`);
}

/** Passes each piece on as it comes, at the pace of the client. */
function relay(answer: Response, leave: () => void): Flow {
  const reader = answer.body?.getReader();
  let wake = () => {};
  const run = async (sink: Sink) => {
    for (;;) {
      const { done, value } = await reader?.read() ?? { done: true, value: undefined };
      if (done) return sink.end();
      if (!sink.write(value)) await new Promise<void>((resolve) => wake = resolve);
    }
  };
  return {
    start: (sink) => void run(sink).catch(() => sink.abort()),
    resume: () => wake(),
    cancel: leave,
  };
}
