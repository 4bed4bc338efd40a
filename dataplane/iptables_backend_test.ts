import { testBackend } from "./backend_contract.ts";
import { IptablesBackend } from "./iptables_backend.ts";
import { commands, missingPieces } from "./pod_world_contract.ts";

const lacks = await commands.has("iptables-legacy") ? [] : ["iptables-legacy"];
const missing = await missingPieces(lacks);

if (missing.length > 0) {
  console.log(`iptables: the backend contract is skipped, this host lacks ${missing.join(", ")}`);
} else {
  testBackend({
    name: "iptables",
    network: 6,
    isAtConnect: false,
    open: ({ names }) => IptablesBackend.open({ names, commands, log: () => {} }),
  });
}
