import { PodTemplate } from "../types/core_v1.ts";
import { POD_TEMPLATES } from "../types/resources.ts";
import { labelsText, text } from "./column_types.ts";
import { NAME } from "./columns.ts";
import type { ResourceKind } from "./kind.ts";
import { defaultPodTemplate, templateColumns, validatePodTemplate } from "./pod_templates.ts";

const isShown = ({ priority: _, ...column }: ReturnType<typeof templateColumns<PodTemplate>>[0]) =>
  column;

export const podTemplates: ResourceKind<PodTemplate> = {
  resource: POD_TEMPLATES,
  schema: PodTemplate,
  singular: "podtemplate",
  hasStatus: false,
  hasGeneration: true,
  returnsDeleted: true,
  default: (object) => ({ ...object, template: defaultPodTemplate(object.template) }),
  validate: ({ template }) => validatePodTemplate("template", template),
  hasWholeTable: true,
  columns: [
    NAME,
    ...templateColumns<PodTemplate>(({ template }) => template).map(isShown),
    text(
      "Pod Labels",
      "Labels of its pods.",
      ({ template }) => labelsText(template.metadata.labels),
    ),
  ],
};
