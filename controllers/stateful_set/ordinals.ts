import type { StatefulSet } from "../../api/types/apps_v1.ts";
import type { PersistentVolumeClaim, Pod } from "../../api/types/core_v1.ts";
import { controllerReferenceTo } from "../../client/owners.ts";
import { REVISION_HASH } from "../revision_history.ts";

/** Labels by which services pick one pod. */
const POD_NAME = "statefulset.kubernetes.io/pod-name";
const POD_INDEX = "apps.kubernetes.io/pod-index";

function podNameOf({ metadata }: Readonly<StatefulSet>, ordinal: number): string {
  return `${metadata.name}-${ordinal}`;
}

/** The number in a pod's name; undefined where the name is not one of the set's. */
export function ordinalOf(
  set: Readonly<StatefulSet>,
  { metadata }: Readonly<Pod>,
): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const number = metadata.name.startsWith(prefix) ? metadata.name.slice(prefix.length) : "";
  return isOrdinal(number) ? Number(number) : undefined;
}

const isOrdinal = (text: string) => /^(0|[1-9]\d{0,9})$/.test(text);

/** One that a pod of the set has, or had, by its name. */
export function isClaimOf(
  { metadata: { name }, spec }: Readonly<StatefulSet>,
  { metadata }: Readonly<PersistentVolumeClaim>,
): boolean {
  return (spec.volumeClaimTemplates ?? []).some((template) => {
    const prefix = `${template.metadata.name}-${name}-`;
    return metadata.name.startsWith(prefix) && isOrdinal(metadata.name.slice(prefix.length));
  });
}

/** The numbers that the set wants, in order. */
export function wantedOrdinals({ spec }: Readonly<StatefulSet>): number[] {
  const start = spec.ordinals?.start ?? 0;
  return Array.from({ length: spec.replicas ?? 1 }, (_, i) => start + i);
}

/** @param template of the set, or of one of its revisions */
export function podFor(
  set: Readonly<StatefulSet>,
  ordinal: number,
  { revision, template }: { revision: string; template: StatefulSet["spec"]["template"] },
): Pod {
  const { metadata: { labels, annotations, finalizers }, spec } = template;
  const name = podNameOf(set, ordinal);
  const claims = claimsFor(set, ordinal);
  const others = (spec.volumes ?? []).filter((volume) => !claims.has(volume.name));
  const volumes = [
    ...[...claims].map(([volume, { metadata }]) => ({
      name: volume,
      persistentVolumeClaim: { claimName: metadata.name },
    })),
    ...others,
  ];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: set.metadata.namespace ?? "",
      labels: {
        ...labels,
        [POD_NAME]: name,
        [POD_INDEX]: String(ordinal),
        [REVISION_HASH]: revision,
      },
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReferenceTo(set)],
    },
    spec: {
      ...spec,
      hostname: name,
      ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}),
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  };
}

/** The claims of one pod, by the name of the volume that they are for. */
export function claimsFor(
  { metadata: { name, namespace = "" }, spec }: Readonly<StatefulSet>,
  ordinal: number,
): Map<string, PersistentVolumeClaim> {
  return new Map((spec.volumeClaimTemplates ?? []).map((template) => [
    template.metadata.name,
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: {
        ...template.metadata,
        name: `${template.metadata.name}-${name}-${ordinal}`,
        namespace,
        labels: { ...template.metadata.labels, ...spec.selector.matchLabels },
      },
      spec: template.spec,
    },
  ]));
}
