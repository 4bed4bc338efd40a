import type { Job } from "../../api/types/batch_v1.ts";
import type { Container, EnvVar, Pod } from "../../api/types/core_v1.ts";
import { controllerReferenceTo } from "../../client/owners.ts";
import { COMPLETION_INDEX } from "./indexes.ts";
import { TRACKING } from "./tally.ts";

/** How often the index of a pod has failed before it. */
export const INDEX_FAILURES = "batch.kubernetes.io/job-index-failure-count";
const INDEX_VARIABLE = "JOB_COMPLETION_INDEX";

export function podFor(job: Readonly<Job>, index?: number, failures = 0): Pod {
  const { metadata, spec } = job.spec.template;
  const { name, namespace = "" } = job.metadata;
  const numbered = index === undefined ? {} : { [COMPLETION_INDEX]: String(index) };
  const counted = job.spec.backoffLimitPerIndex === undefined
    ? {}
    : { [INDEX_FAILURES]: String(failures) };
  const annotations = { ...metadata.annotations, ...numbered, ...counted };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "",
      generateName: index === undefined ? `${name}-` : `${name}-${index}-`,
      namespace,
      labels: { ...metadata.labels, ...numbered },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      finalizers: [...metadata.finalizers ?? [], TRACKING],
      ownerReferences: [controllerReferenceTo(job)],
    },
    spec: index === undefined ? spec : {
      ...spec,
      hostname: spec.hostname ?? `${name}-${index}`,
      containers: spec.containers.map(withIndex),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(withIndex) }),
    },
  };
}

function withIndex(container: Container): Container {
  const { env = [] } = container;
  if (env.some(({ name }) => name === INDEX_VARIABLE)) return container;
  const fieldPath = `metadata.annotations['${COMPLETION_INDEX}']`;
  const variable: EnvVar = {
    name: INDEX_VARIABLE,
    valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } },
  };
  return { ...container, env: [...env, variable] };
}
