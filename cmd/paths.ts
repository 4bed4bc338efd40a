/** Where everything of a cluster lies under its data directory. */
export interface Paths {
  readonly dataDir: string;
  readonly kubeconfig: string;
  readonly pki: string;
  /** `token,user,uid,"group,group"` a line, as in Kubernetes's static token file. */
  readonly tokens: string;
  readonly store: string;
  /** Where a running master gives copies of its store. */
  readonly copySocket: string;
  /** Volumes and other files of pods. */
  readonly pods: string;
  /** Folders of the volumes that are made for claims. */
  readonly volumes: string;
  /** What the API has told this node's agent, for a start without it. */
  readonly node: string;
  pidFile(process: ProcessName): string;
  logFile(process: ProcessName): string;
}

export type ProcessName = "master" | "agent" | "dockerd";

export function pathsOf(dataDir: string): Paths {
  return {
    dataDir,
    kubeconfig: `${dataDir}/kubeconfig`,
    pki: `${dataDir}/pki`,
    tokens: `${dataDir}/pki/tokens.csv`,
    store: `${dataDir}/store.db`,
    copySocket: `${dataDir}/run/copy.sock`,
    pods: `${dataDir}/pods`,
    volumes: `${dataDir}/volumes`,
    node: `${dataDir}/node.json`,
    pidFile: (process) => `${dataDir}/run/${process}.pid`,
    logFile: (process) => `${dataDir}/log/${process}.log`,
  };
}

/** Secrets and volumes lie below, so the folder is for its owner alone. */
export async function makeDataDir(paths: Paths): Promise<void> {
  await Deno.mkdir(paths.dataDir, { recursive: true, mode: 0o700 });
  for (const folder of ["run", "log"]) {
    await Deno.mkdir(`${paths.dataDir}/${folder}`, { recursive: true, mode: 0o700 });
  }
}
