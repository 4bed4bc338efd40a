import { HttpApi } from "../client/http_api.ts";
import { realClock } from "./clock.ts";
import { HttpClients } from "./http_clients.ts";
import { CA_FILE, type TlsFiles } from "./pki.ts";
import type { Paths } from "./paths.ts";

/** The API over the network, as one user. */
export interface Connection extends Disposable {
  readonly api: HttpApi;
  /** For paths that are no objects, such as `/readyz`. */
  fetch(path: string, init?: { signal?: AbortSignal }): Promise<Response>;
}

/**
 * @param token a bearer token; see credentials.ts
 * @param userAgent the program that managed fields name
 */
export async function connect(
  server: string,
  paths: Paths,
  { token, userAgent = "wherry" }: { token: string; userAgent?: string },
): Promise<Connection> {
  const caCerts = [await Deno.readTextFile(`${paths.pki}/${CA_FILE}.crt`)];
  const clients = new HttpClients({ caCerts });
  return {
    api: new HttpApi({
      ...{ baseUrl: server, token, userAgent },
      fetch: (request, bodyLength) => clients.fetch(request, bodyLength),
      pause,
    }),
    fetch: (path, init = {}) =>
      fetch(`${server}${path}`, {
        ...init,
        client: clients.shared,
        headers: { authorization: `Bearer ${token}` },
      }),
    [Symbol.dispose]: () => clients[Symbol.dispose](),
  };
}

/** Up to half as long again, so that those who were turned away together do not come back together. */
function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return realClock.sleep(ms * (1 + Math.random() / 2), signal);
}

/** As a node that joined: by its certificate, which `renew` exchanges while requests go on. */
export interface NodeConnection extends Connection {
  renew(tls: TlsFiles): void;
}

export function connectAsNode(server: string, tls: TlsFiles): NodeConnection {
  const clientsOf = ({ ca, cert, key }: TlsFiles) => new HttpClients({ caCerts: [ca], cert, key });
  let clients = clientsOf(tls);
  return {
    api: new HttpApi({
      ...{ baseUrl: server, userAgent: "kubelet" },
      fetch: (request, bodyLength) => clients.fetch(request, bodyLength),
      pause,
    }),
    fetch: (path, init = {}) => fetch(`${server}${path}`, { ...init, client: clients.shared }),
    // watches of the old ones go on until the server ends them
    renew: (tls) => void (clients = clientsOf(tls)),
    [Symbol.dispose]: () => clients[Symbol.dispose](),
  };
}

/** Where this host reaches what listens on `bindAddress`. */
export function localAddress(bindAddress: string): string {
  return bindAddress === "0.0.0.0" ? "127.0.0.1" : bindAddress;
}
