import type { User } from "../authentication/user.ts";
import type { Peer } from "./authenticate.ts";

/** A request, whichever server took it. Its methods need it: they are not to be taken out of it. */
export interface Call {
  readonly method: string;
  /** As sent, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  header(name: string): string | null;
  /** In lower case. */
  headerNames(): Iterable<string>;
  /** @throws {StatusError} RequestEntityTooLarge */
  body(): Promise<Uint8Array>;
  /** The body as it comes, without a bound, in place of `body`: for who passes it on. */
  bodyStream?(): AsyncIterable<Uint8Array> | undefined;
  /** Who the TLS connection is with, where it was proved. */
  readonly peer: Peer | undefined;
  /** Who makes the call, from the moment on that it is known. */
  user?: User;
}

/** An answer, before it takes the form that a server wants. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | Flow;
  /** Another server's answer, which goes on as it is. Cookies are the headers that can't be joined into one. */
  readonly foreign?: { readonly cookies: readonly string[] };
}

/** Where a body goes to while it is made. */
export interface Sink {
  /** @returns false when the client is behind: write on after `resume` */
  write(chunk: Uint8Array): boolean;
  /** The body is complete. */
  end(): void;
  /** The body can't be completed: the connection is cut. */
  abort(): void;
}

/** A body that is made while it is sent: a watch, a log, a long list. */
export interface Flow {
  start(sink: Sink): void;
  /** The client has caught up. */
  resume(): void;
  /** The client is gone. */
  cancel(): void;
}

export function isFlow(body: Uint8Array | Flow): body is Flow {
  return !(body instanceof Uint8Array);
}

/** A flow of parts that are made when the client is ready for them. */
export function flowOf(parts: Iterator<Uint8Array>): Flow {
  let sink: Sink | undefined;
  const pump = () => {
    while (sink !== undefined) {
      const { done, value } = parts.next();
      if (done) {
        sink.end();
        sink = undefined;
      } else if (!sink.write(value)) return;
    }
  };
  return {
    start(to) {
      sink = to;
      pump();
    },
    resume: pump,
    cancel: () => sink = undefined,
  };
}
