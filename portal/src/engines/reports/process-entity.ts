/** Runs of processes as reports count them: they are no records, but have axes of their own. */
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import type { Entity, Field } from "@/api/types";

export const processEntity = "process_instance";

const base = {
  required: false,
  read_only: true,
  system: true,
  own: false,
  sortable: true,
  filterable: false,
} as const;

/** Steps are told apart only where a figure is of steps. */
export function useProcessEntity(ofSteps: boolean): Entity {
  const { t } = useTranslation("reports");
  const field = (key: string, label: string, type: Field["type"]): Field => ({ ...base, key, label, type });
  return {
    key: processEntity,
    label: t("process_run"),
    label_plural: t("process_runs"),
    title_field: "title",
    staged: false,
    own: false,
    actions: { read: true, create: false, update: false, delete: false },
    fields: [
      field("definition", t("axis_definition"), "link"),
      field("process", t("funnel_axis_process"), "text"),
      ...(ofSteps ? [field("step", t("axis_step"), "text")] : []),
      field("started_at", t("axis_started_at"), "datetime"),
    ],
    pipelines: [],
    layout: { list: [], card: [], sections: [] },
  };
}

/** What reports count, by its key. */
export function useCounted(key: string | undefined, measures: string[]): Entity | undefined {
  const entities = useEntities();
  const processes = useProcessEntity(measures.every((one) => one.startsWith("step.")) && measures.length > 0);
  return key === processEntity ? processes : entities.find((one) => one.key === key);
}
