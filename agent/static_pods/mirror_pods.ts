import type { Clock, Log } from "../../api/types/ambient.ts";
import type { Pod } from "../../api/types/core_v1.ts";
import type { KubeObject } from "../../api/types/meta.ts";
import { PODS } from "../../api/types/resources.ts";
import { hasReason, StatusError } from "../../api/types/status.ts";
import type { Api } from "../../client/api.ts";
import type { Cache } from "../../client/cache.ts";
import { CONFIG_HASH, CONFIG_MIRROR, isMirror, isStatic } from "./static_annotations.ts";

const RETRY_MS = 10_000;

export type MirrorAction = { readonly create: Pod } | { readonly remove: Readonly<Pod> };

/** What is missing in the API of the node's static pods, and what stands there for none of them. */
export function planMirrors(
  statics: readonly Readonly<Pod>[],
  inApi: readonly Readonly<Pod>[],
): MirrorAction[] {
  const mirrors = new Map(inApi.filter(isMirror).map((pod) => [placeOf(pod), pod]));
  const actions = statics.flatMap((pod): MirrorAction[] => {
    const mirror = mirrors.get(placeOf(pod));
    mirrors.delete(placeOf(pod));
    if (mirror === undefined) return [{ create: mirrorOf(pod) }];
    const isRight = mirror.metadata.annotations?.[CONFIG_MIRROR] === hashOf(pod) &&
      mirror.metadata.deletionTimestamp === undefined;
    return isRight ? [] : [{ remove: mirror }];
  });
  return [...actions, ...[...mirrors.values()].map((remove) => ({ remove }))];
}

/** Source: kubelet, CreateMirrorPod. */
function mirrorOf({ apiVersion, kind, metadata, spec }: Readonly<Pod>): Pod {
  const { name, namespace, labels, annotations } = metadata;
  const hash = annotations?.[CONFIG_HASH] ?? "";
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [CONFIG_MIRROR]: hash },
    },
    spec,
  };
}

const placeOf = ({ metadata }: Readonly<Pod>) => `${metadata.namespace}/${metadata.name}`;
const hashOf = ({ metadata }: Readonly<Pod>) => metadata.annotations?.[CONFIG_HASH];

export interface MirrorOptions {
  readonly api: Api;
  readonly cache: Cache;
  readonly statics: () => readonly Readonly<Pod>[];
  /** The pod has a mirror now that knows nothing of its status yet. */
  readonly poke: (podUid: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps a pod in the API for each static pod, so that users see them and the scheduler counts them. */
export class MirrorPods {
  readonly #with: MirrorOptions;
  #working: Promise<void> | undefined;
  #isStale = false;
  #cancelRetry: () => void = () => {};

  constructor(options: MirrorOptions) {
    this.#with = options;
  }

  /** To be called when static pods or mirrors have changed. */
  check(): void {
    this.#isStale = true;
    this.#working ??= this.#work().finally(() => this.#working = undefined);
  }

  stop(): void {
    this.#cancelRetry();
  }

  async #work(): Promise<void> {
    const { cache, statics, clock, log } = this.#with;
    this.#cancelRetry();
    while (this.#isStale) {
      this.#isStale = false;
      for (const action of planMirrors(statics(), cache.list(PODS))) {
        try {
          await this.#apply(action);
        } catch (error) {
          log("Cannot show a static pod in the API", { error: String(error), retryMs: RETRY_MS });
          this.#cancelRetry();
          this.#cancelRetry = clock.after(RETRY_MS, () => this.check());
        }
      }
    }
  }

  /** What it has done comes back by watch, and leads to the next look. */
  async #apply(action: MirrorAction): Promise<void> {
    const { api, poke } = this.#with;
    if ("create" in action) {
      await api.create(PODS, action.create).catch((error) => {
        // of the watch nothing has come yet
        if (!hasReason(error, "AlreadyExists")) throw error;
      });
      return poke(hashOf(action.create) ?? "");
    }
    const { namespace = "", name, uid } = action.remove.metadata;
    const only = uid === undefined ? {} : { uid };
    await api.delete(PODS, namespace, name, { gracePeriodSeconds: 0, ...only }).catch((error) => {
      if (!hasReason(error, "NotFound", "Conflict")) throw error;
    });
  }
}

/**
 * The API as the agent's workers see it: what they write of a static pod goes to its mirror, and what they tell
 * of its end to `ended`.
 */
export function withMirrors(
  api: Api,
  { staticOf, ended }: {
    staticOf: (uid: string) => Readonly<Pod> | undefined;
    ended: (uid: string) => void;
  },
): Api {
  const isOfStatic = (object: KubeObject) => isStatic(object as Pod);
  const writeStatus = async (pod: Readonly<Pod>): Promise<Pod> => {
    const { namespace = "", name } = pod.metadata;
    const mirror = await api.get(PODS, namespace, name);
    if (mirror.metadata.annotations?.[CONFIG_MIRROR] !== hashOf(pod)) {
      throw new StatusError("NotFound", `pods "${name}" not found: its mirror is of another file`);
    }
    const { status } = await api.updateStatus(PODS, { ...mirror, status: pod.status ?? {} });
    return { ...pod, ...(status === undefined ? {} : { status }) };
  };
  return {
    get: (...args) => api.get(...args),
    list: (...args) => api.list(...args),
    create: (...args) => api.create(...args),
    update: (...args) => api.update(...args),
    updateStatus: (resource, object) =>
      isOfStatic(object)
        ? writeStatus(object as unknown as Pod) as Promise<never>
        : api.updateStatus(resource, object),
    patch: (...args) => api.patch(...args),
    async delete(resource, namespace, name, options) {
      const { uid = "" } = options ?? {};
      if (staticOf(uid) !== undefined) return ended(uid);
      await api.delete(resource, namespace, name, options);
    },
    deleteCollection: (...args) => api.deleteCollection(...args),
    bind: (...args) => api.bind(...args),
    replace: (...args) => api.replace(...args),
    requestToken: (...args) => api.requestToken(...args),
    watch: (...args) => api.watch(...args),
  };
}
