import { Agent } from "node:http";
import { createRequire } from "node:module";
// @ts-types="@types/dockerode"
import type Docker from "dockerode";

/**
 * What dockerode loads for engines behind SSH and for builds with BuildKit, which no agent does: 24 MB of
 * memory. Record 0032 weighs it.
 */
const NEVER_USED: ReadonlySet<string> = new Set([
  "ssh2",
  "@grpc/grpc-js",
  "@grpc/proto-loader",
  "@balena/dockerignore",
  "tar-fs",
]);

interface Loader {
  _load(name: string, ...rest: unknown[]): unknown;
}

/** Loads dockerode with empty modules in the place of what is never used. */
async function loadDockerode(): Promise<typeof Docker> {
  const loader = createRequire(import.meta.url)("node:module") as Loader;
  const load = loader._load;
  loader._load = function (name, ...rest) {
    return NEVER_USED.has(name) ? {} : load.call(this, name, ...rest);
  };
  try {
    return (await import("dockerode")).default;
  } finally {
    loader._load = load;
  }
}

/** The client library of the Docker Engine API. */
export const DockerClient: typeof Docker = await loadDockerode();

const KEEPS_NOTHING = { agent: new Agent({ keepAlive: false }) };

/**
 * A client for what begins something, with a new connection for each request. An engine that ends closes its
 * socket, then kills its containers, and answers all the while on connections that it has: what it began there
 * would be killed as well. Record 0085 says more.
 */
export function beginner(socketPath: string): Docker {
  return new DockerClient({ socketPath, ...KEEPS_NOTHING });
}
