import type { ExecSession } from "./runtime.ts";
import type { Log } from "../api/types/ambient.ts";

const TERMINAL_SIZE_MAX = 65_535;

/** Changes the size of the process's terminal to what `text` says in JSON; a size that is none is passed over. */
export function resizeTo(text: string, session: ExecSession, log: Log): void {
  const size = sizeIn(text);
  if (size === undefined) return log("Ignored a terminal size that is none", { text });
  // the process may not have its terminal yet, or may have ended
  session.resize(size.Width, size.Height).catch((error) =>
    log("Cannot resize the terminal", { error: String(error) })
  );
}

function sizeIn(text: string): { Width: number; Height: number } | undefined {
  try {
    const { Width, Height } = JSON.parse(text);
    const isSize = (value: unknown) =>
      Number.isInteger(value) && Number(value) > 0 && Number(value) <= TERMINAL_SIZE_MAX;
    return isSize(Width) && isSize(Height) ? { Width, Height } : undefined;
  } catch {
    return undefined;
  }
}

/** How a remote command ended, as Status in JSON. Source: Kubernetes, remotecommand.NonZeroExitCodeReason. */
export function exitStatus(code: number): string {
  if (code === 0) return JSON.stringify({ metadata: {}, status: "Success" });
  return JSON.stringify({
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  });
}

/** Why nothing more is heard of a remote command, as Status in JSON. */
export function failureStatus(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const failure = { status: "Failure", message, reason: "InternalError", code: 500 };
  return JSON.stringify({ metadata: {}, ...failure });
}
