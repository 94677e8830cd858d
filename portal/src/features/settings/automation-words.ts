/** Triggers and actions in the reader's words. */
import { useTranslation } from "react-i18next";
import type { Entity } from "@/api/types";
import { currentLocale } from "@/i18n";
import type { AutomationRule } from "./automation-api";
import { knownKind } from "./automation-model";

export interface StageOption {
  value: string;
  label: string;
}

/** Stages of all pipelines; a key is told apart by its pipeline where there are several. */
export function stagesOf(entity: Entity): StageOption[] {
  const several = entity.pipelines.length > 1;
  const all = entity.pipelines.flatMap((pipeline) =>
    pipeline.stages.map((stage) => ({
      value: stage.key,
      label: several ? `${stage.name} · ${pipeline.name}` : stage.name,
    })),
  );
  return all.filter(({ value }, index) => all.findIndex((one) => one.value === value) === index);
}

export function useTriggerWords(entity: Entity): (on: AutomationRule["on"]) => string {
  const { t } = useTranslation("automation");
  const stages = stagesOf(entity);
  return ({ event, fields, stage, label, cron }) => {
    if (event === "updated" && fields && fields.length > 0) {
      const names = fields.map((key) => entity.fields.find((field) => field.key === key)?.label ?? key);
      return t("said_fields", { fields: names.join(", ") });
    }
    const words = label?.[currentLocale()] ?? Object.values(label ?? {})[0];
    const named = stages.find(({ value }) => value === stage)?.label ?? stage ?? words ?? cron;
    return named ? `${t(`event_${event}`)} “${named}”` : t(`event_${event}`);
  };
}

export function useActionName(): (kind: string) => string {
  const { t } = useTranslation("automation");
  return (kind) => {
    const known = knownKind(kind);
    return known ? t(`kind_${known}`) : kind;
  };
}
