import { testBackend } from "./backend_contract.ts";
import { NftablesBackend } from "./nftables_backend.ts";
import { commands, missingPieces } from "./pod_world_contract.ts";

const missing = await missingPieces();

if (missing.length > 0) {
  console.log(`nftables: the backend contract is skipped, this host lacks ${missing.join(", ")}`);
} else {
  testBackend({
    name: "nftables",
    network: 1,
    isAtConnect: false,
    open: ({ names }) => NftablesBackend.open({ names, commands, log: () => {} }),
  });
}
