import { Agent, type ClientRequest } from "node:http";
import { createRequire } from "node:module";
import { inspect } from "node:util";
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
const DockerClient: typeof Docker = await loadDockerode();

/** What node:http asks of an agent; its declaration does not name it. */
interface Requests {
  addRequest(request: ClientRequest, ...rest: unknown[]): void;
}

const { addRequest } = Agent.prototype as unknown as Requests;

/** The library hears of a response that ends and of a request that fails: one that is cut short is neither. */
class WholeAnswers extends Agent implements Requests {
  addRequest(request: ClientRequest, ...rest: unknown[]): void {
    request.once("response", (response) =>
      response.once("close", () => {
        if (!response.complete) request.emit("error", cutShort());
      }));
    addRequest.call(this, request, ...rest);
  }

  /** The library renders the options of each request for a log that nobody reads, with all that hangs on them. */
  [inspect.custom](): string {
    return "WholeAnswers";
  }
}

function cutShort(): Error {
  return Object.assign(new Error("The engine went away in the middle of its answer"), {
    code: "ECONNRESET",
  });
}

/** A client that keeps its connections. */
export function clientOf(socketPath: string): Docker {
  const agent = new WholeAnswers({ keepAlive: true });
  return new DockerClient({ socketPath, ...{ agent } }); // the declaration lacks the agent
}

/**
 * A client for what begins something, with a new connection for each request. An engine that ends closes its
 * socket, then kills its containers, and answers all the while on connections that it has: what it began there
 * would be killed as well. Record 0085 says more.
 */
export function beginner(socketPath: string): Docker {
  const agent = new WholeAnswers({ keepAlive: false });
  return new DockerClient({ socketPath, ...{ agent } }); // the declaration lacks the agent
}
