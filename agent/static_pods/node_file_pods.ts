import type { Clock, Log, Random } from "../../api/types/ambient.ts";
import type { Node, Pod } from "../../api/types/core_v1.ts";
import { PODS } from "../../api/types/resources.ts";
import type { Api } from "../../client/api.ts";
import type { WatchedCache } from "../../client/cache.ts";
import { EventRecorder } from "../../client/events.ts";
import { MirrorPods, withMirrors } from "./mirror_pods.ts";
import { isMirror } from "./static_annotations.ts";
import { type ManifestSource, StaticPods } from "./static_pods.ts";

export interface NodeFileOptions {
  readonly api: Api;
  readonly cache: WatchedCache;
  readonly manifests?: ManifestSource;
  readonly node: { readonly name: string };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface NodeFileTargets {
  readonly change: (before: Readonly<Pod> | undefined, after: Readonly<Pod> | undefined) => void;
  readonly poke: (podUid: string) => void;
}

/** The pods of the node's files with their mirrors; without a folder of files it lets everything pass. */
export class NodeFilePods {
  /** For everything that writes of pods. */
  readonly api: Api;
  readonly #statics: StaticPods | undefined;
  readonly #mirrors: MirrorPods;
  readonly #with: NodeFileOptions;

  constructor(options: NodeFileOptions, { change, poke }: NodeFileTargets) {
    this.#with = options;
    const { api, manifests, node } = options;
    this.#mirrors = new MirrorPods({
      ...options,
      poke,
      statics: () => this.#statics?.pods() ?? [],
    });
    if (manifests === undefined) {
      this.api = api;
      return;
    }
    this.#statics = new StaticPods({
      ...{ ...options, source: manifests, change },
      nodeName: node.name,
      complain: this.#complainer(),
      onChange: () => this.#check(),
    });
    this.api = withMirrors(api, {
      staticOf: (uid) => this.#statics?.of(uid),
      ended: (uid) => this.#statics?.ended(uid),
    });
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    // a mirror whose file went while no agent ran goes as well
    void this.#with.cache.synced().then(() => this.#check());
    await this.#statics?.run(signal);
    this.#mirrors.stop();
  }

  /** A change in the API. @returns true when it is of a mirror, for which nothing is run */
  sees(before: Readonly<Pod> | undefined, after: Readonly<Pod> | undefined): boolean {
    const pod = after ?? before;
    if (pod === undefined || !isMirror(pod)) return false;
    this.#check();
    return true;
  }

  /** Before the list is there nobody knows which mirrors are. */
  #check(): void {
    if (this.#with.cache.revisionOf(PODS) > 0) this.#mirrors.check();
  }

  #complainer() {
    const { log, node } = this.#with;
    const events = new EventRecorder({ ...this.#with, component: "kubelet", host: node.name });
    const about: Node = {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: node.name, uid: node.name },
      spec: {},
    };
    return (path: string, why: string) => {
      log("Cannot run the pod of a manifest", { path, why });
      events.record(about, "Warning", "FileCheckFailed", `Cannot run the pod of ${path}: ${why}`);
    };
  }
}
