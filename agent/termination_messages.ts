import type { Log } from "../api/types/ambient.ts";
import type { Container, Pod } from "../api/types/core_v1.ts";
import { containerNamed, containersOf } from "./container_roles.ts";
import type { HostFiles } from "./host_files.ts";
import { type Mount, type Runtime, type RuntimeContainer, SANDBOX } from "./runtime.ts";
import { podFolder } from "./volumes/pod_folders.ts";

/** Source: Kubernetes, pkg/kubelet/container: what a message, and all messages of a pod, may have. */
const MESSAGE_BYTES_MAX = 4096;
const POD_MESSAGE_BYTES_MAX = 12 << 10;
const LOG_BYTES_MAX = 2048;
const LOG_LINES_MAX = 80;
/** Whoever the container runs as may write its last words. */
const MESSAGE_MODE = 0o666;

export interface MessageTools {
  readonly files: HostFiles;
  readonly runtime: Runtime;
  readonly dataDir: string;
  readonly log: Log;
}

/** Makes the file into which the container may write why it ends. */
export async function makeMessageFile(
  pod: Pod,
  { name, terminationMessagePath }: Container,
  attempt: number,
  { files, dataDir }: Pick<MessageTools, "files" | "dataDir">,
): Promise<Mount[]> {
  if (!terminationMessagePath) return [];
  const hostPath = messageFile(dataDir, pod.metadata.uid ?? "", name, attempt);
  await files.writeFile(hostPath, { bytes: new Uint8Array(), mode: MESSAGE_MODE });
  return [{
    hostPath,
    containerPath: terminationMessagePath,
    isReadOnly: false,
    propagation: "private",
  }];
}

function messageFile(dataDir: string, podUid: string, name: string, attempt: number): string {
  return `${podFolder(dataDir, podUid)}/containers/${name}/${attempt}`;
}

/** The last words of containers that have ended, read once each. */
export class TerminationMessages {
  /** By pod and container id. */
  readonly #known = new Map<string, Map<string, string>>();

  constructor(private readonly tools: MessageTools) {}

  of(podUid: string): ReadonlyMap<string, string> {
    return this.#known.get(podUid) ?? new Map();
  }

  /** Reads what is new. What can't be read is told to whoever runs the node, and counts as silence. */
  async learn(pod: Readonly<Pod>, containers: readonly RuntimeContainer[]): Promise<void> {
    const { uid = "" } = pod.metadata;
    const known = this.#known.get(uid);
    const dead = containers.filter(({ id, name, state }) =>
      name !== SANDBOX && state === "exited" && !known?.has(id)
    );
    if (dead.length === 0) return;
    const messages = known ?? new Map<string, string>();
    this.#known.set(uid, messages);
    await Promise.all(dead.map(async (one) => {
      messages.set(one.id, await this.#read(pod, one));
    }));
  }

  forget(podUid: string): void {
    this.#known.delete(podUid);
  }

  async #read(pod: Readonly<Pod>, dead: RuntimeContainer): Promise<string> {
    const spec = containerNamed(pod, dead.name)?.container;
    const bytesMax = Math.min(
      MESSAGE_BYTES_MAX,
      Math.floor(POD_MESSAGE_BYTES_MAX / Math.max(1, containersOf(pod).length)),
    );
    const { files, dataDir, log } = this.tools;
    try {
      const path = messageFile(dataDir, dead.pod.uid, dead.name, dead.attempt);
      const own = spec?.terminationMessagePath ? await files.readTail(path, bytesMax) : "";
      const isAsked = spec?.terminationMessagePolicy === "FallbackToLogsOnError";
      if (own !== "" || dead.exitCode === 0 || !isAsked) return own;
      return await this.#endOfLog(dead.id, Math.min(LOG_BYTES_MAX, bytesMax));
    } catch (error) {
      log("Cannot read a container's last words", { container: dead.id, error: String(error) });
      return "";
    }
  }

  async #endOfLog(id: string, bytesMax: number): Promise<string> {
    const options = { follow: false, timestamps: false, tailLines: LOG_LINES_MAX };
    const decoder = new TextDecoder();
    let text = "";
    for await (
      const { bytes } of this.tools.runtime.logs(id, options, new AbortController().signal)
    ) {
      text = (text + decoder.decode(bytes, { stream: true })).slice(-bytesMax);
    }
    return text;
  }
}
