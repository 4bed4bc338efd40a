import assert from "node:assert/strict";
import { carryDnsAddress, dnsLinkOf, dropDnsAddress } from "./dns_address.ts";
import { type Commands, HostCommands } from "./host_commands.ts";
import { namesOf } from "./names.ts";

const NAMES = namesOf("dns-address");
const HOST = new HostCommands();

/** A network namespace of its own, where an input chain drops everything by policy. */
class Namespace implements Commands, AsyncDisposable {
  private constructor(readonly name: string) {}

  static async create(): Promise<Namespace> {
    const namespace = new Namespace(`dns-address-${crypto.randomUUID().slice(0, 8)}`);
    await HOST.run("ip", ["netns", "add", namespace.name]);
    await namespace.run("ip", ["link", "set", "lo", "up"]);
    const chain = "type filter hook input priority filter; policy drop;";
    await namespace.run("nft", ["-f", "-"], `table inet host {\nchain input {\n${chain}\n}\n}\n`);
    return namespace;
  }

  run(command: string, args: readonly string[], stdin?: string): Promise<string> {
    return HOST.run("ip", ["netns", "exec", this.name, command, ...args], stdin);
  }

  has(command: string): Promise<boolean> {
    return command === "iptables-legacy" ? Promise.resolve(false) : HOST.has(command);
  }

  async addresses(): Promise<string[]> {
    const text = await this.run("ip", ["-o", "-4", "address", "show", "dev", dnsLinkOf(NAMES)]);
    return [...text.matchAll(/inet (\S+)/g)].map(([, address = ""]) => address);
  }

  async accepts(): Promise<number> {
    return (await this.run("nft", ["list", "ruleset"])).split("accept").length - 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await HOST.run("ip", ["netns", "delete", this.name]);
  }
}

Deno.test("dns address: is carried once, moves, passes the host's filter, and goes without a trace", async () => {
  await using namespace = await Namespace.create();
  const before = await stateOf(namespace);
  const carry = (ip?: string) => carryDnsAddress({ names: NAMES, commands: namespace }, ip);
  await carry("10.96.0.10");
  await carry("10.96.0.10");
  assert.deepEqual(await namespace.addresses(), ["10.96.0.10/32"]);
  assert.equal(await namespace.accepts(), 2, "one for each of UDP and TCP");
  await carry("10.97.0.10");
  assert.deepEqual(await namespace.addresses(), ["10.97.0.10/32"]);
  assert.equal(await namespace.accepts(), 2);
  await carry(undefined);
  assert.deepEqual(await stateOf(namespace), before);
  await dropDnsAddress(NAMES, namespace);
  await assert.rejects(carry("fd00::10"), /Cannot carry fd00::10: it is no IPv4 address/);
});

async function stateOf(namespace: Namespace): Promise<string[]> {
  return [
    await namespace.run("ip", ["-o", "link"]),
    await namespace.run("nft", ["list", "ruleset"]),
  ];
}
