import type { Kubectl } from "../fixtures/kubectl.ts";

/**
 * A transcript is a terminal session as text: lines that begin with `$ ` are commands, what follows is what
 * they print (standard output, then standard error), and `[exit N]` stands where a command fails.
 */
export function commandsOf(transcript: string): string[] {
  return transcript.split("\n").filter((line) => line.startsWith("$ "))
    .map((line) => line.slice(2));
}

/** Runs the commands and @returns the transcript that they make, with what differs from run to run masked. */
export async function play(commands: readonly string[], kubectl: Kubectl): Promise<string> {
  let transcript = "";
  for (const command of commands) {
    const { code, stdout, stderr } = await kubectl.shell(command);
    const end = code === 0 ? "" : `[exit ${code}]\n`;
    transcript += `$ ${command}\n${wholeLines(mask(stdout))}${wholeLines(mask(stderr))}${end}`;
  }
  return transcript;
}

/** A command stands at the beginning of a line, whatever the one before it printed. */
function wholeLines(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

/** What differs from run to run, and the word that stands for it in a transcript. */
const MASKS: readonly [RegExp, string][] = [
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "UID"],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME"],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, "TIME"],
  [/\b10\.96\.0\.1\d\d\b/g, "10.96.0.1NN"],
  [/(?<=-[bcdfghjklmnpqrstvwxz2456789]{8,10}-)[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, "XXXXX"],
  [/(?<=kube-api-access-)[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, "XXXXX"],
  [/^W\d{4} .*very short watch.*\n/gm, ""], // a wait that ends just after its watch began
  [/https:\/\/[\w.]+:\d+/g, "https://SERVER"],
  [/(resourceVersion: ")\d+/g, "$1N"],
  [/("resourceVersion": ")\d+/g, "$1N"],
  [/(?<=Expected resource version to be \d+, was )\d+/g, "N"],
];

function mask(text: string): string {
  const masked = MASKS.reduce((rest, [pattern, word]) => rest.replace(pattern, word), text);
  return maskAges(masked).replace(/[ \t]+$/gm, "");
}

/** A transcript takes less than two minutes: ages are seconds, so that `200m` of a processor stays what it is. */
function maskAges(text: string): string {
  return text.replace(/(?<=\s)(\d+m)?\d+s(?=\s|$)/g, "<age>");
}

/** An age of four characters widens its column, on a machine that is busy: what follows it stands evenly. */
export function withEvenColumns(transcript: string): string {
  return transcript.replace(/(<age>|\bAGE) +(?=\S)/g, "$1   ");
}
