import type { NodeExplanation, Objection, PodExplanation } from "./explain.ts";
import type { Named } from "./services_hit.ts";
import type { WhatIf } from "./what_if.ts";

/** Lines for people; the JSON tells the same. */
export function textOfExplanation(explanation: PodExplanation): string {
  const { metadata: { namespace, name }, summary, nodes, changes } = explanation;
  const lines = [`Pod ${namespace}/${name}: ${summary}`, ""];
  for (const node of nodes) lines.push(lineOf(node, explanation.nodeName));
  if (changes.length > 0) lines.push("", "It would run if you", ...changes.map((c) => `  - ${c}`));
  return lines.join("\n") + "\n";
}

function lineOf({ name, fits, objections, scores, total }: NodeExplanation, here?: string): string {
  const mark = name === here ? "*" : fits ? "+" : "-";
  if (!fits) {
    return `${mark} ${name}  ${objections.map(textOfObjection).join("; ")}`;
  }
  const parts = Object.entries(scores ?? {}).filter(([, score]) => score !== 0)
    .map(([priority, score]) => `${priority} ${score}`);
  return `${mark} ${name}  ${total}  (${parts.join(", ")})`;
}

function textOfObjection({ predicate, reasons, figures = [] }: Objection): string {
  const counts = figures.map(({ what, wanted, free, missing }) =>
    `${what}: ${wanted} wanted, ${free} free, ${missing} missing`
  );
  const shown = counts.length === 0 ? "" : ` (${counts.join("; ")})`;
  return `${predicate}: ${reasons.join(", ")}${shown}`;
}

export function textOfWhatIf(answer: WhatIf): string {
  const { moves, stuck, lost, deleted, servicesWithFewerEndpoints, budgetsHurt, notes } = answer;
  const name = ({ namespace, name }: Named) => `${namespace}/${name}`;
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
  const isNothing = moves.length + stuck.length + lost.length + deleted.length === 0;
  return [
    `If ${answer.question}:`,
    ...section(
      "would be deleted, in this order",
      deleted.map((pod) => `${name(pod)}${pod.from === undefined ? "" : ` on ${pod.from}`}`),
    ),
    ...section("would run", moves.map((move) => `${name(move)} on ${move.to}`)),
    ...section("would find no node", stuck.map((pod) => `${name(pod)}: ${pod.why}`)),
    ...section("would be lost: nobody makes them anew", lost.map(name)),
    ...section(
      "services without any endpoint meanwhile",
      answer.servicesWithoutEndpoints.map(name),
    ),
    ...section(
      "services with fewer endpoints",
      servicesWithFewerEndpoints.map((one) => `${name(one)}: ${one.left} of ${one.ready}`),
    ),
    ...section(
      "disruption budgets with too few healthy pods",
      budgetsHurt.map((one) => `${name(one)}: ${one.healthy} healthy, ${one.wanted} wanted`),
    ),
    ...(isNothing ? ["", "nothing changes"] : []),
    ...section("note", notes),
  ].join("\n") + "\n";
}
