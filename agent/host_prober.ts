import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import type { Clock } from "../api/types/ambient.ts";
import { grpcHealth } from "./host_grpc_health.ts";
import type { ProbeOutcome, Prober } from "./probes.ts";
import type { ExecSession, Runtime } from "./runtime.ts";

/** What is shown of a command's output. Source: kubelet, maxReadLength of exec probes. */
const OUTPUT_BYTES_MAX = 10 << 10;
/** A busy engine has told of a command before it runs. */
const KILL_AGAIN_MS = 100;
const KILL_ATTEMPTS_MAX = 100;
const DONE: ProbeOutcome = { isSuccess: true, output: "" };

/** Probes from the node, as the kubelet does. */
export class HostProber implements Prober {
  constructor(private readonly runtime: Runtime, private readonly clock: Clock) {}

  async exec(
    containerId: string,
    command: readonly string[],
    timeoutMs: number,
  ): Promise<ProbeOutcome> {
    const session = await this.runtime.exec(containerId, {
      command,
      hasStdin: false,
      isTty: false,
    });
    let isLate = false;
    const cancel = this.clock.after(timeoutMs, () => {
      isLate = true;
      void this.#end(session);
    });
    try {
      let output = "";
      const decoder = new TextDecoder();
      for await (const { bytes } of session.output) {
        if (output.length < OUTPUT_BYTES_MAX) output += decoder.decode(bytes, { stream: true });
      }
      if (isLate) return { isSuccess: false, output: lateText(timeoutMs, command.join(" ")) };
      return { isSuccess: await session.exitCode() === 0, output };
    } finally {
      cancel();
    }
  }

  /** A command that is late must not run on beside the next one. */
  async #end(session: ExecSession): Promise<void> {
    try {
      for (let i = 0; i < KILL_ATTEMPTS_MAX && !await session.kill(); i += 1) {
        await this.clock.sleep(KILL_AGAIN_MS);
      }
    } catch {
      // the container is gone, and the command with it
    } finally {
      session.close();
    }
  }

  httpGet(
    url: string,
    headers: readonly { name: string; value: string }[],
    timeoutMs: number,
  ): Promise<ProbeOutcome> {
    const request = url.startsWith("https:") ? httpsRequest : httpRequest;
    const options = {
      agent: false,
      // whoever probes a pod by its address does not know the name in its certificate
      rejectUnauthorized: false,
      headers: {
        "User-Agent": "kube-probe/1.32",
        Accept: "*/*",
        ...manyValued(headers),
      },
    } as const;
    return this.#within(timeoutMs, url, (resolve, fail) => {
      const sent = request(url, options, (answer) => {
        answer.resume();
        const code = answer.statusCode ?? 0;
        if (code >= 200 && code < 400) resolve(DONE);
        else fail(`HTTP probe failed with statuscode: ${code}`);
      });
      sent.on("error", (error) => fail(`Get "${url}": ${error.message}`));
      sent.end();
      return () => sent.destroy();
    });
  }

  connect(host: string, port: number, timeoutMs: number): Promise<ProbeOutcome> {
    return this.#within(timeoutMs, `${host}:${port}`, (resolve, fail) => {
      const socket = connect(port, host, () => {
        socket.destroy();
        resolve(DONE);
      });
      socket.on("error", (error) => fail(`dial tcp ${host}:${port}: ${error.message}`));
      return () => socket.destroy();
    });
  }

  grpc(host: string, port: number, service: string, timeoutMs: number): Promise<ProbeOutcome> {
    const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    return this.#within(timeoutMs, address, (resolve, fail) => {
      const cut = new AbortController();
      grpcHealth(address, service, cut.signal).then(
        resolve,
        (error) => fail(`error: failed to connect service "${address}": ${error.message}`),
      );
      return () => cut.abort();
    });
  }

  #within(
    timeoutMs: number,
    what: string,
    begin: (resolve: (outcome: ProbeOutcome) => void, fail: (why: string) => void) => () => void,
  ): Promise<ProbeOutcome> {
    return new Promise((resolve) => {
      const end = (outcome: ProbeOutcome) => {
        cancel();
        resolve(outcome);
      };
      const fail = (output: string) => end({ isSuccess: false, output });
      const cancel = this.clock.after(timeoutMs, () => {
        fail(lateText(timeoutMs, what));
        stop();
      });
      const stop = begin(end, fail);
    });
  }
}

/** By name; who names a host twice means the last one. */
function manyValued(
  headers: readonly { name: string; value: string }[],
): Record<string, string | string[]> {
  const values: Record<string, string[]> = {};
  for (const { name, value } of headers) (values[name] ??= []).push(value);
  return Object.fromEntries(
    Object.entries(values).map(([name, all]) => [
      name,
      // of a host there is one alone
      name.toLowerCase() === "host" || all.length === 1 ? all.at(-1) ?? "" : all,
    ]),
  );
}

const lateText = (timeoutMs: number, what: string) =>
  `${what}: timed out after ${timeoutMs / 1000}s`;
