import assert from "node:assert/strict";
import { PreparedAnswers } from "./prepared_answers.ts";
import { prepare } from "./records.ts";
import { RCODE } from "./wire.ts";

const ANSWER = prepare({ rcode: RCODE.NOERROR, isAuthoritative: true, answers: [] });

Deno.test("prepared answers: a change takes away what depends on it, and nothing else", () => {
  const answers = new PreparedAnswers();
  answers.set("a", ANSWER, ["default/web"]);
  answers.set("b", ANSWER, ["default/web", "default/db"]);
  answers.set("c", ANSWER, [""]);
  answers.drop("default/db");
  assert.deepEqual(["a", "b", "c"].filter((each) => answers.get(each)), ["a", "c"]);
  answers.drop("default/web");
  answers.drop("");
  assert.deepEqual(["a", "b", "c"].filter((each) => answers.get(each)), ["c"]);
});

Deno.test("prepared answers: the oldest make room", () => {
  const answers = new PreparedAnswers();
  for (let i = 0; i <= 10_240; i++) answers.set(`${i}`, ANSWER, [`default/${i % 100}`]);
  assert.equal(answers.get("0"), undefined);
  assert.equal(answers.get("10240"), ANSWER);
  answers.drop("default/40");
  assert.equal(answers.get("10240"), undefined);
});
