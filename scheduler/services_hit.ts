import type { Pod, Service } from "../api/types/core_v1.ts";
import { matchesLabels } from "../api/types/labels.ts";

export interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** How many ready pods a service has, and how many of them stay. */
export interface FewerEndpoints extends Named {
  readonly ready: number;
  readonly left: number;
}

export interface ServicesHit {
  readonly servicesWithoutEndpoints: readonly Named[];
  readonly servicesWithFewerEndpoints: readonly FewerEndpoints[];
}

/** The services that lead to some of the pods that go. */
export function servicesHit(
  services: readonly Readonly<Service>[],
  pods: readonly Readonly<Pod>[],
  gone: readonly Readonly<Pod>[],
): ServicesHit {
  const goneUids = new Set(gone.map(({ metadata }) => metadata.uid));
  const hit = services.filter((service) => gone.some((pod) => leadsTo(service, pod)))
    .flatMap((service) => {
      const ready = pods.filter((pod) => isReady(pod) && leadsTo(service, pod));
      const left = ready.filter(({ metadata }) => !goneUids.has(metadata.uid)).length;
      return left === ready.length ? [] : [{ ...named(service), ...{ ready: ready.length, left } }];
    });
  return {
    servicesWithoutEndpoints: hit.filter(({ left }) => left === 0)
      .map(({ namespace, name }) => ({ namespace, name })),
    servicesWithFewerEndpoints: hit.filter(({ left }) => left > 0),
  };
}

function leadsTo({ metadata, spec: { selector } }: Readonly<Service>, pod: Readonly<Pod>): boolean {
  return selector !== undefined && Object.keys(selector).length > 0 &&
    pod.metadata.namespace === metadata.namespace && matchesLabels(selector, pod.metadata.labels);
}

function isReady({ status }: Readonly<Pod>): boolean {
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ??
    false;
}

export function named({ metadata: { namespace = "", name } }: Readonly<Pod | Service>): Named {
  return { namespace, name };
}
