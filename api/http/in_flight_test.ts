import assert from "node:assert/strict";
import { InFlight } from "./in_flight.ts";

Deno.test("in flight: one too many is told to come again, and may when another has left", () => {
  const inFlight = new InFlight({ readOnly: 2, mutating: 1 });
  inFlight.enter("readOnly");
  inFlight.enter("readOnly");
  assert.throws(() => inFlight.enter("readOnly"), { reason: "TooManyRequests", code: 429 });
  inFlight.leave("readOnly");
  inFlight.enter("readOnly");
});

Deno.test("in flight: writers that wait do not keep readers out", () => {
  const inFlight = new InFlight({ readOnly: 1, mutating: 1 });
  inFlight.enter("mutating");
  assert.throws(() => inFlight.enter("mutating"), { reason: "TooManyRequests" });
  inFlight.enter("readOnly");
});
