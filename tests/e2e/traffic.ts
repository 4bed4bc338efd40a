/** Requests over a connection each, so that every one of them is balanced anew. */
export async function request(url: string, count: number): Promise<Map<string, number>> {
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const answers = new Map<string, number>();
  let next = 0;
  const one = async () => {
    while (next++ < count) {
      const response = await fetch(url, { client, headers: { connection: "close" } });
      const text = (await response.text()).trim();
      const answer = response.status === 200 ? text : `status ${response.status}`;
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 4 }, one));
  return answers;
}

/** Lines of `sort | uniq -c` as counts. */
export function counted(text: string): Map<string, number> {
  const lines = text.trim().split("\n").map((line) => line.trim().split(/\s+/));
  return new Map(lines.map(([count = "0", answer = ""]) => [answer, Number(count)]));
}

/** @returns what is uneven: [] when `backends` answers came, each within a tenth of its even share */
export function unevenness(
  answers: ReadonlyMap<string, number>,
  backends: readonly string[],
): string[] {
  const total = [...answers.values()].reduce((sum, count) => sum + count, 0);
  const share = total / backends.length;
  const strangers = [...answers.keys()].filter((answer) => !backends.includes(answer));
  const uneven = backends.filter((name) => Math.abs((answers.get(name) ?? 0) - share) > share / 10);
  return [
    ...strangers.map((answer) => `unexpected answer ${answer} ×${answers.get(answer)}`),
    ...uneven.map((name) => `${name} answered ${answers.get(name) ?? 0} of ${total}`),
  ];
}
