import assert from "node:assert/strict";
import type { Secret } from "../api/types/core_v1.ts";
import { BOOTSTRAP_TOKEN, bootstrapTokenCleaner } from "./bootstrap_token_cleaner.ts";
import { worldOf } from "./fake_cluster.ts";

const NOW = Date.UTC(2026, 0, 1);

const CASES: { name: string; secret: Secret; deletes: boolean; againMs?: number }[] = [
  { name: "deletes one whose time is over", secret: tokenUntil(NOW), deletes: true },
  {
    name: "comes again at the end of one that is good",
    secret: tokenUntil(NOW + 5_000),
    deletes: false,
    againMs: 5_000,
  },
  { name: "leaves one without an end", secret: tokenUntil(undefined), deletes: false },
  {
    name: "leaves one whose end can't be read",
    secret: { ...tokenUntil(NOW), data: { expiration: btoa("soon") } },
    deletes: false,
  },
  {
    name: "leaves secrets of other types",
    secret: { ...tokenUntil(NOW), type: "Opaque" },
    deletes: false,
  },
];

for (const { name, secret, deletes, againMs } of CASES) {
  Deno.test(`bootstrap token cleaner: ${name}`, () => {
    const plan = bootstrapTokenCleaner.plan(secret, worldOf([], { now: NOW }));
    assert.deepEqual(plan.writes.map(({ verb }) => verb), deletes ? ["delete"] : []);
    assert.equal(plan.againMs, againMs);
  });
}

function tokenUntil(end: number | undefined): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "bootstrap-token-abcdef", namespace: "kube-system" },
    type: BOOTSTRAP_TOKEN,
    data: { ...(end !== undefined && { expiration: btoa(new Date(end).toISOString()) }) },
  };
}
