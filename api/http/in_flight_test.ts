import assert from "node:assert/strict";
import { InFlight } from "./in_flight.ts";

Deno.test("in flight: one too many is told to come again, and may when another has left", () => {
  const inFlight = new InFlight(2);
  inFlight.enter("readOnly");
  inFlight.enter("readOnly");
  assert.throws(() => inFlight.enter("readOnly"), { reason: "TooManyRequests", code: 429 });
  inFlight.leave("readOnly");
  inFlight.enter("readOnly");
});
