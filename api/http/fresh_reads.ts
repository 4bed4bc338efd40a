import type { Store } from "../../store/store.ts";
import type { Call, Reply } from "./exchange.ts";

type Answer = () => Reply | Promise<Reply>;

/**
 * Where several servers are active, a read that asks for the newest state, or for a revision that this server has
 * not seen, waits until it has. Where one is alone, nothing changes. Source: kube-apiserver, a `resourceVersion`
 * of "" is as new as the store, "0" any, N not older than that.
 */
export function whenFresh(call: Call, store: Store, answer: Answer): Answer {
  if (!store.isShared) return answer;
  const said = call.query.get("resourceVersion") ?? "";
  if (said !== "" && !(Number(said) > store.revision)) return answer;
  return () => store.catchUp().then(answer);
}
