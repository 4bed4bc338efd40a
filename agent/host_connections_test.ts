import assert from "node:assert/strict";
import { inboundIn, KernelConnections } from "./host_connections.ts";

const HEADING = "  sl  local_address rem_address   st tx_queue rx_queue\n";
const line = (local: string, state: string) =>
  `   0: ${local} 0100007F:9C40 ${state} 00000000:00000000 00:00000000 00000000     0        0 1\n`;

for (
  const { name, lines, want } of [
    { name: "nothing", lines: [], want: 0 },
    { name: "a listener alone", lines: ["00000000:0050 0A"], want: 0 },
    { name: "one that is open", lines: ["00000000:0050 0A", "0100000A:0050 01"], want: 1 },
    { name: "one that is being opened", lines: ["00000000:0050 0A", "0100000A:0050 03"], want: 1 },
    { name: "an answer on its way", lines: ["00000000:0050 0A", "0100000A:0050 04"], want: 1 },
    { name: "one that has ended", lines: ["00000000:0050 0A", "0100000A:0050 06"], want: 0 },
    { name: "one of the pod's own", lines: ["00000000:0050 0A", "0100000A:9C40 01"], want: 0 },
    {
      name: "a listener for both families",
      lines: [
        "00000000000000000000000000000000:0050 0A",
        "0000000000000000FFFF00000100000A:0050 01",
      ],
      want: 1,
    },
  ]
) {
  Deno.test(`host connections: ${name}`, () => {
    const text = lines.map((each) => line(...each.split(" ") as [string, string])).join("");
    assert.equal(inboundIn(HEADING + text), want);
  });
}

Deno.test("host connections: counts those of a real network, none of a process that is gone", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const connections = new KernelConnections();
  const before = await connections.inbound(Deno.pid);
  using client = await Deno.connect({ port: (listener.addr as Deno.NetAddr).port });
  using _server = await listener.accept();
  assert.ok(await connections.inbound(Deno.pid) >= before + 1);
  assert.ok(client);
  assert.equal(await connections.inbound(2 ** 22 + 1), 0);
});
