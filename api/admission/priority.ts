import type { Pod } from "../types/core_v1.ts";
import { PODS } from "../types/resources.ts";
import type { PriorityClass } from "../types/scheduling_v1.ts";
import type { Key } from "../../store/ledger.ts";
import type { Store } from "../../store/store.ts";
import { SYSTEM_PRIORITIES } from "../registry/priorityclasses.ts";
import { forbidden } from "../registry/refusals.ts";
import type { Admission } from "./admission.ts";

const PREFIX = "scheduling.k8s.io/priorityclasses/";
const PREEMPTS = "PreemptLowerPriority";

type Class = Pick<PriorityClass, "value" | "preemptionPolicy" | "globalDefault">;

/** The classes by name, kept as the store changes: every new pod asks. */
export class PriorityClasses {
  readonly #classes = new Map<Key, PriorityClass>();
  readonly #stop: () => void;
  #default: readonly [string, Class] | undefined;

  constructor(store: Store) {
    for (const { key, object } of store.list(PREFIX)) {
      this.#classes.set(key, object as PriorityClass);
    }
    this.#choose();
    this.#stop = store.watch(PREFIX, store.revision, (events) => {
      for (const { type, key, current } of events) {
        if (type === "DELETE") this.#classes.delete(key);
        else this.#classes.set(key, current.object as PriorityClass);
      }
      this.#choose();
    });
  }

  find(name: string): Class | undefined {
    const value = SYSTEM_PRIORITIES[name];
    return this.#classes.get(`${PREFIX}/${name}`) ?? (value === undefined ? undefined : { value });
  }

  /** For pods that name none. */
  get default(): readonly [name: string, Class] | undefined {
    return this.#default;
  }

  close(): void {
    this.#stop();
  }

  /** Of several defaults the lowest holds. */
  #choose(): void {
    const defaults = [...this.#classes.values()].filter(({ globalDefault }) => globalDefault);
    const [lowest] = defaults.sort((a, b) => a.value - b.value);
    this.#default = lowest === undefined ? undefined : [lowest.metadata.name, lowest];
  }
}

/** Every pod has a number, by its class. Texts: k8s.io/kubernetes, plugin priority. */
export function priority(classes: PriorityClasses): Admission {
  return ({ operation, kind, object }) => {
    if (operation !== "CREATE" || kind.resource.kind !== "Pod") return;
    const pod = object as Pod;
    const { priorityClassName: asked = "" } = pod.spec;
    const chosen = asked === "" ? classes.default : [asked, classes.find(asked)] as const;
    const [name, found] = chosen ?? ["", { value: 0 }];
    if (found === undefined) {
      throw refusal(pod, `no PriorityClass with name ${asked} was found`);
    }
    return withPriority(pod, name, found);
  };
}

function withPriority(pod: Pod, name: string, { value, preemptionPolicy = PREEMPTS }: Class): Pod {
  const { spec } = pod;
  if (spec.priority !== undefined && spec.priority !== value) {
    const why = `the integer value of priority (${spec.priority}) must not be provided in pod ` +
      `spec; priority admission controller computed ${value} from the given PriorityClass name`;
    throw refusal(pod, why);
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    const why = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be ` +
      `provided in pod spec; priority admission controller computed ${preemptionPolicy} from the ` +
      "given PriorityClass name";
    throw refusal(pod, why);
  }
  const named = name === "" ? {} : { priorityClassName: name };
  return { ...pod, spec: { ...spec, ...named, priority: value, preemptionPolicy } };
}

const refusal = (pod: Pod, why: string) => forbidden(PODS, pod.metadata.name, why);
