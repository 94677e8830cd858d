/** What a branch can ask about: fields of the record, what steps of the drawing ask for, and what their actions give. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import type { Field } from "@/api/types";
import { readContract } from "@/engines/designer/contract";
import type { Designer } from "@/engines/designer/designer";
import { useSubject } from "./subject";

export interface Askable {
  /** `record.amount`, `vars.decision`. */
  name: string;
  label: string;
  kind: "number" | "boolean" | "text";
  choices?: { value: string; label: string }[];
}

const kindOf = (type: string): Askable["kind"] => {
  if (["number", "integer", "decimal", "money"].includes(type)) return "number";
  return type === "boolean" ? "boolean" : "text";
};

export interface Asked {
  group: string;
  items: Askable[];
}

export function useAskable(designer: Designer): Asked[] {
  const { t } = useTranslation("drawings");
  const entities = useEntities();
  const [subject] = useSubject();
  const entity = entities.find(({ key }) => key === subject);
  const { changes } = designer;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the drawing is one object that counts its changes
  return useMemo(() => {
    const stages = entity?.pipelines.flatMap((pipeline) => pipeline.stages) ?? [];
    const record = (entity?.fields ?? []).map((field) => ({
      name: `record.${field.key}`,
      label: field.label,
      kind: kindOf(field.type),
      choices: choicesOf(field, stages),
    }));
    const groups: Asked[] = [
      { group: t("asked_of_steps"), items: variablesOf(designer, [t("approve_yes"), t("approve_no")]) },
    ];
    if (entity) groups.push({ group: entity.label, items: record });
    return groups.filter(({ items }) => items.length > 0);
  }, [designer, changes, entity, t]);
}

function choicesOf(field: Field, stages: { key: string; name: string }[]) {
  if (field.type === "stage") return stages.map(({ key, name }) => ({ value: key, label: name }));
  return field.choices?.map(({ value, label }) => ({ value, label }));
}

function variablesOf(designer: Designer, [approved, rejected]: [string, string]): Askable[] {
  const found = new Map<string, Askable>();
  for (const step of designer.steps()) {
    const contract = readContract(step.businessObject);
    for (const field of contract.form) {
      if (field.name.startsWith("record.") || !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(field.name)) continue;
      found.set(field.name, {
        name: `vars.${field.name}`,
        label: field.label || field.name,
        kind: kindOf(field.type),
        choices:
          field.type === "choice" ? field.choices.map((one) => ({ value: one, label: one })) : undefined,
      });
    }
    const { resultVariable, mainAction } = contract;
    if (!resultVariable) continue;
    found.set(resultVariable, {
      name: `vars.${resultVariable}`,
      label: `${step.businessObject.name ?? step.id}: ${resultVariable}`,
      kind: "text",
      choices:
        mainAction === "approve"
          ? [
              { value: "approved", label: approved },
              { value: "rejected", label: rejected },
            ]
          : undefined,
    });
  }
  return [...found.values()];
}
