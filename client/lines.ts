import { StatusError } from "../api/types/status.ts";

/** A longer line is no event of ours: objects end at 1.5 MB, and old and new state may double that in escapes. */
const LINE_LENGTH_MAX = 16 * 1024 * 1024;

/**
 * The complete lines of a stream of UTF-8, without their ends, in the groups in which they arrive; empty ones are
 * left out. Ends when the stream ends or `signal` aborts; what stands after the last newline is dropped.
 */
export async function* linesOf(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<string[], void, void> {
  const reader = stream.getReader();
  const stop = () => void reader.cancel().catch(() => {}); // the stream is being given up: how it ends is no news
  signal.addEventListener("abort", stop);
  const decoder = new TextDecoder();
  let rest = "";
  try {
    while (!signal.aborted) {
      const { done, value } = await reader.read();
      if (done) return;
      const text = decoder.decode(value, { stream: true });
      if (rest.length + text.length > LINE_LENGTH_MAX) {
        throw new StatusError("RequestEntityTooLarge", "A line of the watch is too long");
      }
      if (!text.includes("\n")) {
        rest += text;
        continue;
      }
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      const complete = lines.filter((line) => line !== "");
      if (complete.length > 0) yield complete;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}
