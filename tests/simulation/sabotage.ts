/** Mistakes that are easily made, put in on purpose: a simulation that does not find them proves nothing. */
import type { Pod } from "../../api/types/core_v1.ts";
import type { Api } from "../../client/api.ts";
import type { Store, View } from "../../store/store.ts";
import type { Sabotage } from "./cluster.ts";
import { readyUidsOf } from "./invariants/endpoints.ts";

/** A binding that does not look whether the pod has a node already. */
const DOUBLE_BIND: Sabotage = {
  api: (api, store) =>
    changed(api, {
      async bind(namespace, podName, podUid, nodeName) {
        const key = `pods/${namespace}/${podName}`;
        const have = store.get(key)?.object as Pod | undefined;
        if (!have?.spec.nodeName || have.metadata.uid !== podUid) {
          return await api.bind(namespace, podName, podUid, nodeName);
        }
        const object = { ...have, spec: { ...have.spec, nodeName } };
        await store.commit(() => [{ key, object }]);
      },
    }),
};

/** Of pods, one in four. */
const FORGOTTEN = /[0-3]$/;

/** A controller of endpoints that believes it has written when some pods were to go. */
const LOST_ENDPOINT_REMOVAL: Sabotage = {
  controllers: (api) =>
    changed(api, {
      async update(resource, object) {
        const { namespace = "", name } = object.metadata;
        const isEndpoints = ["endpoints", "endpointslices"].includes(resource.resource);
        if (!isEndpoints) return await api.update(resource, object);
        const have = await api.get(resource, namespace, name);
        const stay = new Set(readyUidsOf(object));
        const isLost = readyUidsOf(have).some((uid) => !stay.has(uid) && FORGOTTEN.test(uid));
        return isLost ? have : await api.update(resource, object);
      },
    }),
};

/** A quota that is read before the transaction that it should hold for. */
const QUOTA_RACE: Sabotage = {
  store: (store) =>
    changed(store, {
      commit: (transaction) => store.commit((view) => transaction(withOldQuotas(view, store))),
    }),
};

export interface Planted {
  readonly sabotage: Sabotage;
  /** What is said where it is found. */
  readonly says: RegExp;
  /** That finds it: where a test begins to look. Another life of this seed only makes it look further. */
  readonly knownSeed: number;
}

export const PLANTED: Readonly<Record<string, Planted>> = {
  "double-bind": { sabotage: DOUBLE_BIND, says: /is bound twice/, knownSeed: 33 },
  "lost-endpoint-removal": {
    sabotage: LOST_ENDPOINT_REMOVAL,
    says: /which is not ready for|do not name its pods/,
    knownSeed: 1,
  },
  "quota-race": {
    sabotage: QUOTA_RACE,
    says: /whose quota allows|quota-0 counts/,
    knownSeed: 6,
  },
};

function withOldQuotas(view: View, store: Store): View {
  const isOld = (key: string) => key.startsWith("resourcequotas/");
  return {
    get revision() {
      return view.revision;
    },
    get: (key) => isOld(key) ? store.get(key) : view.get(key),
    list: (prefix) => isOld(prefix) ? store.list(prefix) : view.list(prefix),
  };
}

/** The same object, with some of its methods in place of its own. */
function changed<T extends Api | Store>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(_target, key) {
      if (Object.hasOwn(methods, key)) return Reflect.get(methods, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
