import assert from "node:assert/strict";
import { dnsServiceIp } from "./cluster_dns.ts";

Deno.test("dnsServiceIp: the tenth address, or the last one of a small range", () => {
  assert.equal(dnsServiceIp("10.96.0.0/16"), "10.96.0.10");
  assert.equal(dnsServiceIp("10.96.0.16/28"), "10.96.0.26");
  assert.equal(dnsServiceIp("10.96.0.8/29"), "10.96.0.14");
});
