/** Load within a bed: from its hosts, its pods, and from outside of it. */
import type { BedCluster } from "../fixtures/bed/cluster.ts";
import { type Bed, insideOf, type Place } from "../fixtures/bed/place.ts";
import type { Load, LoadResult } from "./load.ts";
import { counted } from "./traffic.ts";

const PROGRAM = new URL("./load_program.ts", import.meta.url).pathname;
const ASK = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", PROGRAM];

/** A process of that host. */
export function loadFromPlace(place: Place, host: string, port: number): Load {
  return loadBy(insideOf(place, [...ASK, host, String(port)]));
}

/** Somebody on the wire who is no part of the cluster. */
export function loadFromOutside({ wire }: Bed, host: string, port: number): Load {
  return loadBy(["nsenter", `--net=/run/netns/${wire}`, ...ASK, host, String(port)]);
}

/** A pod with a shell and wget. */
export function loadFromBedPod({ kubectl }: BedCluster, pod: string, host: string): Load {
  const one = `while [ ! -e /tmp/stop ]; do timeout 10 wget -q -O /dev/null ` +
    `http://${host}/hostname 2>&1 && echo answered || echo exit $?; done`;
  const script = `rm -f /tmp/stop; for i in 1 2; do (${one}) & done | sort | uniq -c`;
  const running = kubectl.run("exec", pod, "--", "sh", "-c", script);
  return {
    answered: 0,
    async stop() {
      await kubectl.run("exec", pod, "--", "touch", "/tmp/stop");
      const counts = counted(await running);
      const answered = counts.get("answered") ?? 0;
      counts.delete("answered");
      return { answered, failures: Object.fromEntries(counts) };
    },
  };
}

function loadBy([program = "", ...args]: readonly string[]): Load {
  const child = new Deno.Command(program, { args: [...args], stdin: "piped", stdout: "piped" })
    .spawn();
  let [answered, last] = [0, ""];
  const reading = (async () => {
    let text = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      last = lines.at(-1) ?? last;
      if (!last.startsWith("{")) answered = Number(last);
    }
  })();
  return {
    get answered() {
      return answered;
    },
    async stop() {
      await child.stdin.close();
      await Promise.all([reading, child.status]);
      if (!last.startsWith("{")) throw new Error(`The load from ${args.at(-2)} ended: ${last}`);
      return JSON.parse(last) as LoadResult;
    },
  };
}
