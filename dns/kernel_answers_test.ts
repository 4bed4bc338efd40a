import assert from "node:assert/strict";
import { KernelAnswers, type KernelQuestion, type KernelTable } from "./kernel_answers.ts";
import { PreparedAnswers } from "./prepared_answers.ts";
import { prepare } from "./records.ts";
import { RCODE } from "./wire.ts";

const ANSWER = prepare({ rcode: RCODE.NOERROR, isAuthoritative: true, answers: [] });
const question = (name: string) => `\x03${name}\0\x01`;

class FakeTable implements KernelTable {
  readonly calls: string[] = [];
  refuses: string | undefined;

  answerAt(address: string | undefined): void {
    this.#call(`at ${address}`, address === undefined ? undefined : "answerAt");
  }
  set({ name, type }: KernelQuestion): boolean {
    this.#call(`set ${name.slice(1, -1)} ${type}`, "set");
    return true;
  }
  delete(questions: readonly KernelQuestion[]): void {
    this.#call(`delete ${questions.map(({ name }) => name.slice(1, -1))}`, "delete");
  }
  given = () => new Map();

  #call(call: string, what: string | undefined): void {
    this.calls.push(call);
    if (what !== undefined && what === this.refuses) throw new Error("E2BIG: the map is full");
  }
}

function scene(refuses?: string) {
  const [table, log] = [new FakeTable(), [] as string[]];
  table.refuses = refuses;
  const kernel = new KernelAnswers(table, (message) => log.push(message));
  return { table, log, kernel, answers: new PreparedAnswers(kernel) };
}

Deno.test("kernel answers: the kernel has what the agent has, and forgets with it", () => {
  const { table, kernel, answers } = scene();
  kernel.answerAt("10.96.0.10");
  answers.set(question("web"), ANSWER, ["default/web"]);
  answers.set(question("www"), ANSWER, ["default/web"]);
  answers.drop("default/web");
  answers.drop("default/web");
  const want = ["at 10.96.0.10", "set web 1", "set www 1", "delete web,www"];
  assert.deepEqual(table.calls, want);
  assert.equal(kernel.trouble, undefined);
});

for (const what of ["answerAt", "set", "delete"]) {
  Deno.test(`kernel answers: after an error in ${what} the agent answers alone, until told anew`, () => {
    const { table, log, kernel, answers } = scene(what);
    let told = 0;
    kernel.onTrouble(() => told++);
    kernel.answerAt("10.96.0.10");
    answers.set(question("web"), ANSWER, ["default/web"]);
    answers.drop("default/web");
    assert.equal(table.calls.at(-1), "at undefined", "what it knows may be wrong");
    const calls = table.calls.length;
    answers.set(question("web"), ANSWER, ["default/web"]);
    answers.drop("default/web");
    assert.equal(table.calls.length, calls);
    assert.equal(answers.get(question("web")), undefined);
    assert.match(kernel.trouble ?? "", /E2BIG/);
    assert.deepEqual(log, ["the agent answers all names by itself"]);
    table.refuses = undefined;
    kernel.answerAt("10.96.0.10");
    assert.deepEqual([kernel.trouble, told], [undefined, 2]);
  });
}
