import assert from "node:assert/strict";
import type { Clock } from "../../api/types/ambient.ts";
import { CLOCK, type Harness, startApi } from "./harness.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const MERGE = { "content-type": "application/merge-patch+json" };
const named = (name: string) => ({ metadata: { name } });

// deno-lint-ignore no-explicit-any -- a list of whatever kind
const namesOf = (list: any) => list.items.map((item: any) => item.metadata.name).join(" ");

/** Names in place of numbers, which a test can't know: revisions after each of three steps. */
async function threeSteps(api: Harness): Promise<Record<string, string>> {
  const before = String(api.store.revision);
  const a = (await api.call("POST", MAPS, named("a"))).body.metadata.resourceVersion;
  const b = (await api.call("POST", MAPS, named("b"))).body.metadata.resourceVersion;
  await api.call("DELETE", `${MAPS}/a`);
  return { BEFORE: before, A: a, B: b, NOW: String(api.store.revision) };
}

const LISTS: { query: string; want: string }[] = [
  { query: "", want: "b" },
  { query: "resourceVersion=", want: "b" },
  { query: "resourceVersion=0", want: "b" },
  { query: "resourceVersion=A", want: "b" },
  { query: "resourceVersion=A&resourceVersionMatch=NotOlderThan", want: "b" },
  { query: "resourceVersion=0&resourceVersionMatch=NotOlderThan", want: "b" },
  { query: "resourceVersion=A&resourceVersionMatch=Exact", want: "a" },
  { query: "resourceVersion=B&resourceVersionMatch=Exact", want: "a b" },
  { query: "resourceVersion=BEFORE&resourceVersionMatch=Exact", want: "" },
  { query: "resourceVersion=NOW&resourceVersionMatch=Exact", want: "b" },
  { query: "resourceVersion=B&limit=5", want: "a b" },
  { query: "resourceVersion=0&limit=5", want: "b" },
  { query: "resourceVersion=B&limit=5&resourceVersionMatch=NotOlderThan", want: "b" },
  {
    query: "resourceVersion=B&resourceVersionMatch=Exact&fieldSelector=metadata.name%3Da",
    want: "a",
  },
  { query: "limit=-1", want: "b" },
  { query: "limit=%2B1", want: "b" },
  { query: "limit=9223372036854775807", want: "b" },
  { query: "limit=1&limit=x", want: "b" },
  { query: "timeoutSeconds=-1", want: "b" },
  { query: "watch=false", want: "b" },
  { query: "watch=0&nothing=known&pretty", want: "b" },
  { query: "asOf=A", want: "a" },
  { query: "asOf=B&labelSelector=x", want: "" },
  { query: "asOf=2999-01-01T00:00:00Z", want: "b" },
];

for (const { query, want } of LISTS) {
  Deno.test(`list options: ?${query} shows [${want}]`, async () => {
    await using api = await startApi();
    const steps = await threeSteps(api);
    const path = `${MAPS}?${query.replace(/\b[A-Z]+\b(?=&|$)/, (step) => steps[step] ?? step)}`;
    const { code, body } = await api.call("GET", path);
    assert.deepEqual([code, namesOf(body)], [200, want]);
  });
}

const REFUSALS: { query: string; code: number; reason: string; message: RegExp | string }[] = [
  {
    query: "resourceVersionMatch=Exact",
    code: 422,
    reason: "Invalid",
    message:
      /resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided$/,
  },
  {
    query: "resourceVersion=0&resourceVersionMatch=Exact",
    code: 422,
    reason: "Invalid",
    message:
      /resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"$/,
  },
  {
    query: "resourceVersion=1&resourceVersionMatch=Newest",
    code: 422,
    reason: "Invalid",
    message:
      /resourceVersionMatch: Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""$/,
  },
  {
    query: "sendInitialEvents=true",
    code: 422,
    reason: "Invalid",
    message: /sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list$/,
  },
  {
    query: "resourceVersion=abc",
    code: 400,
    reason: "BadRequest",
    message: /parsing "abc": invalid syntax$/,
  },
  {
    query: "resourceVersion=-1",
    code: 400,
    reason: "BadRequest",
    message: /parsing "-1": invalid syntax$/,
  },
  ...["limit", "timeoutSeconds", "watch=true&limit", "watch=true&timeoutSeconds"].flatMap((
    name,
  ) => [
    {
      query: `${name}=`,
      ...{ code: 400, reason: "BadRequest" },
      message: 'strconv.ParseInt: parsing "": invalid syntax',
    },
    {
      query: `${name}=1.5`,
      ...{ code: 400, reason: "BadRequest" },
      message: 'strconv.ParseInt: parsing "1.5": invalid syntax',
    },
    {
      query: `${name}=9223372036854775808`,
      ...{ code: 400, reason: "BadRequest" },
      message: 'strconv.ParseInt: parsing "9223372036854775808": value out of range',
    },
  ]),
  {
    query: "resourceVersion=18446744073709551616",
    code: 400,
    reason: "BadRequest",
    message: /ParseUint: parsing "18446744073709551616": value out of range$/,
  },
  {
    query: "resourceVersion=18446744073709551615",
    code: 504,
    reason: "Timeout",
    message: /^Too large resource version/,
  },
  { query: "continue=%2A", code: 400, reason: "BadRequest", message: /^continue key is not valid/ },
  {
    query: "resourceVersion=5&continue=abc",
    code: 400,
    reason: "BadRequest",
    message: "specifying resource version is not allowed when using continue",
  },
  {
    query: "resourceVersion=999999",
    code: 504,
    reason: "Timeout",
    message: /^Too large resource version: 999999, current: \d+$/,
  },
  {
    query: "resourceVersion=999999&resourceVersionMatch=Exact",
    code: 504,
    reason: "Timeout",
    message: /^Too large resource version: 999999, current: \d+$/,
  },
  { query: "asOf=999999", code: 504, reason: "Timeout", message: /^Too large resource version/ },
  {
    query: "asOf=yesterday",
    code: 400,
    reason: "BadRequest",
    message: /^asOf: Invalid value: "yesterday": must be/,
  },
  {
    query: "asOf=2026-13-45T99:00:00Z",
    code: 400,
    reason: "BadRequest",
    message: /^asOf: Invalid value/,
  },
  {
    query: "asOf=3&resourceVersion=3",
    code: 400,
    reason: "BadRequest",
    message: /^asOf: may not be given together/,
  },
  { query: "asOf=3&watch=true", code: 400, reason: "BadRequest", message: /^asOf: is for reads/ },
  {
    query: "watch=true&resourceVersionMatch=NotOlderThan",
    code: 422,
    reason: "Invalid",
    message: /resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided$/,
  },
  {
    query: "watch=true&sendInitialEvents=false",
    code: 422,
    reason: "Invalid",
    message: /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan$/,
  },
  {
    query:
      "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=999999",
    code: 504,
    reason: "Timeout",
    message: /^Too large resource version/,
  },
];

for (const { query, code, reason, message } of REFUSALS) {
  Deno.test(`list options: ?${query} is refused with ${code}`, async () => {
    await using api = await startApi();
    const answer = await api.call("GET", `${MAPS}?${query}`);
    assert.deepEqual([answer.code, answer.body.reason], [code, reason]);
    if (typeof message === "string") assert.equal(answer.body.message, message);
    else assert.match(answer.body.message, message);
  });
}

const SHORT = { historyLimits: { events: 3, bytes: 1e6, ageMs: 0, youngEvents: 0 } };

Deno.test("list options: what is forgotten is Expired, by revision and by time", async () => {
  await using api = await startApi(SHORT);
  for (let i = 0; i < 8; i += 1) await api.call("POST", MAPS, named(`m${i}`));
  const queries = [
    "resourceVersion=2&resourceVersionMatch=Exact",
    "asOf=2",
    "asOf=2001-01-01T00:00:00Z",
  ];
  for (const query of queries) {
    const { code, body } = await api.call("GET", `${MAPS}?${query}`);
    assert.deepEqual([code, body.reason], [410, "Expired"], query);
  }
  const one = await api.call("GET", `${MAPS}/m1?asOf=2`);
  assert.deepEqual([one.code, one.body.reason], [410, "Expired"]);
});

Deno.test("list options: an expired token comes with one that goes on in the state as it is", async () => {
  await using api = await startApi(SHORT);
  for (const name of ["a", "b", "c"]) await api.call("POST", MAPS, named(name));
  const { body } = await api.call("GET", `${MAPS}?limit=1`);
  for (let i = 0; i < 8; i += 1) await api.call("POST", MAPS, named(`z${i}`));
  const expired = await api.call("GET", `${MAPS}?limit=2&continue=${body.metadata.continue}`);
  assert.deepEqual([expired.code, expired.body.reason], [410, "Expired"]);
  const token = expired.body.metadata.continue;
  const rest = await api.call("GET", `${MAPS}?limit=3&continue=${token}`);
  assert.deepEqual([rest.code, namesOf(rest.body)], [200, "b c z0"]);
  assert.equal(rest.body.metadata.resourceVersion, String(api.store.revision));
});

Deno.test("asOf: one object, a list and its pages as they were at a revision and at a time", async () => {
  let now = Date.parse("2026-03-01T12:00:00Z");
  const clock: Clock = { ...CLOCK, now: () => now };
  await using api = await startApi({ clock });
  const first = await api.call("POST", MAPS, { ...named("a"), data: { n: "1" } });
  now += 60_000;
  await api.call("PATCH", `${MAPS}/a`, { data: { n: "2" } }, MERGE);
  await api.call("POST", MAPS, named("ab"));
  now += 60_000;
  await api.call("DELETE", `${MAPS}/a`);
  for (const asOf of [first.body.metadata.resourceVersion, "2026-03-01T12:00:30Z"]) {
    const { body } = await api.call("GET", `${MAPS}/a?asOf=${asOf}`);
    assert.deepEqual(body, first.body);
    assert.equal((await api.call("GET", `${MAPS}/ab?asOf=${asOf}`)).code, 404);
  }
  const offset = encodeURIComponent("2026-03-01T13:01:00.5+01:00");
  const { body } = await api.call("GET", `${MAPS}?asOf=${offset}`);
  assert.deepEqual([namesOf(body), body.items[0].data.n], ["a ab", "2"]);
  const page = await api.call("GET", `${MAPS}?asOf=${offset}&limit=1`);
  assert.equal(namesOf(page.body), "a");
  const token = page.body.metadata.continue;
  assert.equal(namesOf((await api.call("GET", `${MAPS}?limit=1&continue=${token}`)).body), "ab");
  assert.equal((await api.call("GET", `${MAPS}/a`)).code, 404);
});

Deno.test("asOf: a table and metadata alone of the past, and a subresource", async () => {
  await using api = await startApi();
  const steps = await threeSteps(api);
  const table = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
  const rows = (await api.call("GET", `${MAPS}?asOf=${steps["A"]}`, undefined, table)).body.rows;
  assert.deepEqual(rows.map(({ cells }: { cells: unknown[] }) => cells[0]), ["a"]);
  const partial = { accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io" };
  const { body } = await api.call("GET", `${MAPS}/a?asOf=${steps["B"]}`, undefined, partial);
  assert.deepEqual([body.kind, body.metadata.name], ["PartialObjectMetadata", "a"]);
  const path = "/api/v1/namespaces/default";
  assert.equal((await api.call("GET", `${path}/status?asOf=0`)).code, 404);
});

Deno.test("get: a version that is yet to come is Too large, others show what is there", async () => {
  await using api = await startApi();
  await api.call("POST", MAPS, named("a"));
  for (const version of ["", "0", "1", String(api.store.revision)]) {
    assert.equal((await api.call("GET", `${MAPS}/a?resourceVersion=${version}`)).code, 200);
  }
  const { code, body } = await api.call("GET", `${MAPS}/a?resourceVersion=999999`);
  assert.deepEqual([code, body.details.causes[0].reason], [504, "ResourceVersionTooLarge"]);
});

for (const watch of ["", "true", "1", "yes"]) {
  Deno.test(`list options: ?watch=${watch} is a watch, which ends at once where there is no time`, async () => {
    await using api = await startApi();
    await api.call("POST", MAPS, named("a"));
    const { code, body } = await api.call("GET", `${MAPS}?watch=${watch}&timeoutSeconds=-1`);
    assert.equal(code, 200);
    assert.ok(body === "" || body.type === "ADDED");
  });
}
