import { invalid, required } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { VOLUME_ATTACHMENTS, VolumeAttachment } from "../types/storage_v1.ts";
import { text } from "./column_types.ts";
import { validateUnchanged } from "./immutable_fields.ts";
import type { ResourceKind } from "./kind.ts";
import { statusView } from "./status_view.ts";

export const volumeAttachments: ResourceKind<VolumeAttachment> = {
  resource: VOLUME_ATTACHMENTS,
  schema: VolumeAttachment,
  singular: "volumeattachment",
  hasStatus: true,
  returnsDeleted: true,
  prepareForCreate: (attachment) => ({ ...attachment, status: { attached: false } }),
  validate,
  validateUpdate: ({ spec }, { spec: old }) => validateUnchanged("spec", spec, old),
  columns: [
    text("Attacher", "Who attaches the volume.", ({ spec }) => spec.attacher),
    text("PV", "The volume.", ({ spec }) => spec.source?.persistentVolumeName ?? ""),
    text("Node", "Where it is attached to.", ({ spec }) => spec.nodeName),
    {
      name: "Attached",
      type: "boolean",
      description: "Whether it is attached.",
      cell: ({ status }) => status?.attached ?? false,
    },
  ],
  subresources: { status: statusView(VOLUME_ATTACHMENTS, VolumeAttachment) },
};

function validate({ spec: { source } }: VolumeAttachment): FieldError[] {
  if (source === undefined) return [];
  const { persistentVolumeName, inlineVolumeSpec } = source;
  if (inlineVolumeSpec === undefined) {
    const why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    return persistentVolumeName === undefined ? [required("spec.source", why)] : [];
  }
  if (persistentVolumeName === undefined) return [];
  const why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  return [invalid("spec.source", source, why)];
}
