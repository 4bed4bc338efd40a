/**
 * Requests from wherever this is started, by `deno run -A load_program.ts HOST PORT`, each over a connection of its
 * own: a line with the count of answers now and then, and when the standard input ends, a line of all results.
 */
import { loadFromHost } from "./load.ts";

const TOLD_EACH = 500;

const [host = "", port = ""] = Deno.args;
const load = loadFromHost(host, Number(port));
let told = 0;
const telling = setInterval(() => {
  if (load.answered < told + TOLD_EACH) return;
  told = load.answered;
  console.log(told);
}, 200);
for await (const _ of Deno.stdin.readable); // until whoever started this has had enough
clearInterval(telling);
console.log(JSON.stringify(await load.stop()));
