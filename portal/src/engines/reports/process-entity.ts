/** Runs of processes, and files that people took out, as reports count them: they are no records, but have axes of their own. */
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import type { Entity, Field } from "@/api/types";

export const processEntity = "process_instance";
const exportEntity = "data_export";

const base = {
  required: false,
  read_only: true,
  system: true,
  own: false,
  sortable: true,
  filterable: false,
} as const;

const field = (key: string, label: string, type: Field["type"]): Field => ({ ...base, key, label, type });

const counted = (key: string, label: string, labelPlural: string, fields: Field[]): Entity => ({
  key,
  label,
  label_plural: labelPlural,
  title_field: "title",
  staged: false,
  own: false,
  actions: { read: true, create: false, update: false, delete: false },
  fields,
  pipelines: [],
  layout: { list: [], card: [], sections: [] },
});

/** Steps are told apart only where a figure is of steps. */
export function useProcessEntity(ofSteps: boolean): Entity {
  const { t } = useTranslation("reports");
  return counted(processEntity, t("process_run"), t("process_runs"), [
    field("definition", t("axis_definition"), "link"),
    field("process", t("funnel_axis_process"), "text"),
    ...(ofSteps ? [field("step", t("axis_step"), "text")] : []),
    field("started_at", t("axis_started_at"), "datetime"),
  ]);
}

export function useExportEntity(): Entity {
  const { t } = useTranslation("reports");
  return counted(exportEntity, t("export_file"), t("export_files"), [
    field("done_at", t("axis_done_at"), "datetime"),
  ]);
}

/** What reports count, by its key. */
export function useCounted(key: string | undefined, measures: string[]): Entity | undefined {
  const entities = useEntities();
  const processes = useProcessEntity(measures.every((one) => one.startsWith("step.")) && measures.length > 0);
  const exports = useExportEntity();
  return [...entities, processes, exports].find((one) => one.key === key);
}
