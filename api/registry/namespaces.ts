import { Namespace } from "../types/core_v1.ts";
import { invalid } from "../types/field_errors.ts";
import { validateDns1123Label } from "../types/names.ts";
import { NAMESPACES } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import { text } from "./column_types.ts";
import type { Moment, ResourceKind } from "./kind.ts";
import { forbidden } from "./refusals.ts";
import { statusView } from "./status_view.ts";

const FINALIZER = "kubernetes";
const NAME_LABEL = "kubernetes.io/metadata.name";

/** Source: Kubernetes, namespace lifecycle admission. `kube-node-lease` may go. */
const IMMORTAL: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

export const namespaces: ResourceKind<Namespace> = {
  resource: NAMESPACES,
  schema: Namespace,
  singular: "namespace",
  shortNames: ["ns"],
  validateName: validateDns1123Label,
  withoutVerbs: ["deletecollection"],
  hasStatus: true,
  default: withNameLabel,
  prepareForCreate,
  prepareForUpdate: (namespace, old) => withFinalizers(namespace, old.spec.finalizers),
  validate: validateFinalizers,
  admit: (namespace) => ({ object: withNameLabel(namespace) }),
  beginDeletion,
  isGone: ({ metadata, spec }) =>
    metadata.deletionTimestamp !== undefined && !spec.finalizers?.length,
  columns: [text("Status", "Active, or Terminating.", ({ status }) => status?.phase ?? "")],
  selectableFields: { "status.phase": ({ status }) => status?.phase ?? "" },
  subresources: {
    status: statusView(NAMESPACES, Namespace, validateStatus),
    finalize: {
      does: "view",
      resource: NAMESPACES as Resource<KubeObject>,
      schema: Namespace,
      read: (namespace) => namespace,
      write: (namespace, view) => withFinalizers(namespace, (view as Namespace).spec.finalizers),
      validate: validateFinalizers,
    },
  },
};

/** A generated name is not known before the name is. */
function withNameLabel(namespace: Namespace): Namespace {
  const { name, labels } = namespace.metadata;
  if (!name || labels?.[NAME_LABEL] === name) return namespace;
  const metadata = { ...namespace.metadata, labels: { ...labels, [NAME_LABEL]: name } };
  return { ...namespace, metadata };
}

function withFinalizers(namespace: Namespace, finalizers: string[] | undefined): Namespace {
  const { finalizers: _, ...rest } = namespace.spec;
  return { ...namespace, spec: finalizers?.length ? { ...rest, finalizers } : rest };
}

function prepareForCreate(namespace: Namespace): Namespace {
  const finalizers = new Set([...namespace.spec.finalizers ?? [], FINALIZER]);
  return { ...withFinalizers(namespace, [...finalizers]), status: { phase: "Active" } };
}

function validateFinalizers({ spec }: Namespace): FieldError[] {
  return (spec.finalizers ?? []).flatMap((finalizer, i) =>
    finalizer === FINALIZER || finalizer.includes("/") ? [] : [invalid(
      `spec.finalizers[${i}]`,
      finalizer,
      "name is neither a standard finalizer name " +
        "nor is it fully qualified",
    )]
  );
}

function validateStatus({ metadata, status }: Namespace): FieldError[] {
  const phase = status?.phase;
  if (metadata.deletionTimestamp === undefined) {
    if (phase === undefined || phase === "Active") return [];
    const why = "may only be 'Active' if `deletionTimestamp` is empty";
    return [invalid("status.phase", phase, why)];
  }
  if (phase === "Terminating") return [];
  const why = "may only be 'Terminating' if `deletionTimestamp` is not empty";
  return [invalid("status.phase", phase ?? "", why)];
}

/** The namespace stays, and refuses new objects, until its controller has emptied it. */
function beginDeletion(
  namespace: Namespace,
  _options: { gracePeriodSeconds?: number },
  { now }: Moment,
): Namespace | undefined {
  const { metadata, spec } = namespace;
  if (IMMORTAL.has(metadata.name)) {
    throw forbidden(NAMESPACES, metadata.name, "this namespace may not be deleted");
  }
  if (!spec.finalizers?.length) return undefined;
  if (metadata.deletionTimestamp !== undefined) return namespace;
  return {
    ...namespace,
    metadata: { ...metadata, deletionTimestamp: now },
    status: { ...namespace.status, phase: "Terminating" },
  };
}
