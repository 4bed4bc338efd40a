import { once } from "node:events";
import { createServer } from "node:http";
import { pipeline, Readable } from "node:stream";
import { exportText, importText } from "../store/export_text.ts";
import type { Loaded } from "../store/ledger.ts";
import type { Store } from "../store/store.ts";
import { removeIfThere } from "./files.ts";
import { stderrLog } from "./log.ts";
import type { Paths } from "./paths.ts";

const log = stderrLog("master");

/** Tells that the master stores Secrets encrypted. What goes through the socket is plain. */
const ENCRYPTS_HEADER = "wherry-encrypts";

/**
 * Gives copies of the store to commands on this host. The socket lies in a folder that is its owner's alone: who
 * reaches it may read the store's file as well.
 * Without the socket the master serves all the same.
 * @returns a function that ends it
 */
export async function serveCopies(
  paths: Paths,
  store: Store,
  encrypts: boolean,
): Promise<() => Promise<void>> {
  const path = paths.copySocket;
  const headers = { [ENCRYPTS_HEADER]: String(encrypts) };
  try {
    await removeIfThere(path); // left by a master that was killed
    const server = createServer((_, response) => {
      response.writeHead(200, headers);
      pipeline(Readable.from(exportText(store.copy())), response, (error) => {
        if (error) log("A copy broke off", { error });
      });
    });
    server.listen(path);
    await once(server, "listening");
    await Deno.chmod(path, 0o600);
    return () => new Promise((resolve) => server.close(() => resolve()));
  } catch (error) {
    log("Cannot give copies to snapshot and export", { path, error });
    return () => Promise.resolve();
  }
}

/**
 * @param hasKeys what is made of the copy will be encrypted as well
 * @returns undefined where no master runs
 */
export async function copyFromMaster(paths: Paths, hasKeys: boolean): Promise<Loaded | undefined> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: paths.copySocket } });
  const response = await fetch("http://master/", { client }).catch(() => undefined);
  if (response?.body === undefined || response.body === null) return undefined;
  if (response.headers.get(ENCRYPTS_HEADER) === "true" && !hasKeys) {
    await response.body.cancel();
    throw new Error("The master encrypts secrets: say the same --encryption-key-file here");
  }
  return await importText(response.body);
}
