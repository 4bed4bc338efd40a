import { ENDPOINT_SLICES } from "../../../api/types/discovery_v1.ts";
import { matchesLabels } from "../../../api/types/labels.ts";
import { ENDPOINTS, PODS, SERVICES } from "../../../api/types/resources.ts";
import { isActive, isReady } from "../../../controllers/pods.ts";
import type { SimulatedCluster } from "../cluster.ts";
import { readyUidsOf } from "../invariants/endpoints.ts";
import { NAMESPACES_USED } from "../operations/operation.ts";
import type { Sight } from "../sight.ts";
import { uidOf } from "./names.ts";

/** Endpoints and slices name all ready pods of their service. */
export function endpointsWrong(sight: Sight, namespace: string): string[] {
  return sight.list(SERVICES, namespace).filter(({ spec }) => spec?.selector)
    .flatMap((service) => {
      const { name } = service.metadata;
      const should = sight.list(PODS, namespace).filter((pod) =>
        matchesLabels(service.spec?.selector ?? {}, pod.metadata.labels) && isReady(pod) &&
        isActive(pod)
      ).map(uidOf).sort().join();
      const slices = sight.list(ENDPOINT_SLICES, namespace).filter(({ metadata }) =>
        metadata.labels?.["kubernetes.io/service-name"] === name
      );
      const endpoints = sight.list(ENDPOINTS, namespace)
        .filter(({ metadata }) => metadata.name === name);
      return [["slices", slices], ["endpoints", endpoints]].flatMap(([what, objects]) => {
        const named = (objects as typeof slices).flatMap(readyUidsOf).sort().join();
        return named === should ? [] : [`${what} of ${namespace}/${name} do not name its pods`];
      });
    });
}

/** Every node sends connections to the pods that the endpoints name. */
export function rulesMissing({ nodes, sight }: SimulatedCluster): string[] {
  return nodes.flatMap(({ name, host: { backend: { rules } } }) =>
    NAMESPACES_USED.flatMap((namespace) =>
      sight.list(ENDPOINTS, namespace).flatMap(({ metadata, subsets = [] }) => {
        const service = `${namespace}/${metadata.name}`;
        const should = subsets.flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip));
        const rule = rules.services.find((one) => one.name.startsWith(`${service}:`));
        const has = Array.from(rule?.backends ?? [], ({ ip }) => ip);
        const isRight = should.sort().join() === [...has].sort().join();
        return isRight ? [] : [`${name} does not know the pods of ${service}`];
      })
    )
  );
}
