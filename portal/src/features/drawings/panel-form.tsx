/** Fields that a step asks for: of the record the process is about, or its own; ordered by drag or by buttons. */
import { ActionIcon, Button, Checkbox, Select } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import type { Field } from "@/api/types";
import type { FormField } from "@/engines/designer/contract";
import { DragGroup, Group, Grow, Line, PanelPart } from "@/ui/designer-panel";
import type { ContractProps } from "./contract-props";
import { CommitText } from "./inputs";
import { useSubject } from "./subject";

const types = ["text", "number", "boolean", "date", "choice"] as const;

/** What a task's form can ask of a field of the record. */
function typeOf(field: Field): string {
  if (field.type === "integer" || field.type === "decimal" || field.type === "money") return "number";
  if (field.type === "boolean") return "boolean";
  return field.type === "date" ? "date" : "text";
}

export function FormPart({ contract, set }: ContractProps) {
  const { t } = useTranslation("drawings");
  const { form } = contract;
  const put = (index: number, patch: Partial<FormField>) =>
    set({ form: form.map((one, at) => (at === index ? { ...one, ...patch } : one)) });
  const swap = (from: number, to: number) => {
    const next = [...form];
    const [moved] = next.splice(from, 1);
    if (moved) next.splice(to, 0, moved);
    set({ form: next });
  };
  return (
    <PanelPart name="form" title={t("part_form")}>
      {form.map((field, index) => (
        <FieldLine
          key={`${index} ${field.name}`}
          field={field}
          first={index === 0}
          last={index === form.length - 1}
          onChange={(patch) => put(index, patch)}
          place={index}
          onMove={swap}
          onRemove={() => set({ form: form.filter((_, at) => at !== index) })}
        />
      ))}
      <AddField form={form} onAdd={(field) => set({ form: [...form, field] })} />
    </PanelPart>
  );
}

interface LineProps {
  field: FormField;
  first: boolean;
  last: boolean;
  onChange(patch: Partial<FormField>): void;
  place: number;
  onMove(from: number, to: number): void;
  onRemove(): void;
}

function FieldLine({ field, first, last, place, onChange, onMove, onRemove }: LineProps) {
  const { t } = useTranslation("drawings");
  const name = field.label || field.name;
  return (
    <DragGroup label={name} place={place} onMove={onMove}>
      <Line>
        <Grow>
          <CommitText
            label={field.name.startsWith("record.") ? t("field_of_record") : t("field_label")}
            value={name}
            onCommit={(label) => onChange({ label: label.trim() })}
          />
        </Grow>
        <ActionIcon
          aria-label={t("field_up", { name })}
          disabled={first}
          onClick={() => onMove(place, place - 1)}
        >
          <IconArrowUp size={16} />
        </ActionIcon>
        <ActionIcon
          aria-label={t("field_down", { name })}
          disabled={last}
          onClick={() => onMove(place, place + 1)}
        >
          <IconArrowDown size={16} />
        </ActionIcon>
        <ActionIcon aria-label={t("field_remove", { name })} onClick={onRemove}>
          <IconX size={16} />
        </ActionIcon>
      </Line>
      {!field.name.startsWith("record.") && (
        <Select
          label={t("field_type")}
          allowDeselect={false}
          data={types.map((one) => ({ value: one, label: t(`type_${one}`) }))}
          value={field.type}
          onChange={(type) =>
            type &&
            onChange({
              type,
              choices: type === "choice" && field.choices.length === 0 ? ["1", "2"] : field.choices,
            })
          }
        />
      )}
      {field.type === "choice" && (
        <CommitText
          label={t("field_choices")}
          rows={2}
          value={field.choices.join("\n")}
          onCommit={(text) =>
            onChange({
              choices: text
                .split("\n")
                .map((one) => one.trim())
                .filter(Boolean),
            })
          }
        />
      )}
      <Checkbox
        label={t("field_required")}
        checked={field.required}
        onChange={(event) => onChange({ required: event.currentTarget.checked })}
      />
    </DragGroup>
  );
}

const OWN = "own:";

function AddField({ form, onAdd }: { form: FormField[]; onAdd(field: FormField): void }) {
  const { t } = useTranslation("drawings");
  const entities = useEntities();
  const [subject, setSubject] = useSubject();
  const [open, setOpen] = useState(false);
  const entity = entities.find(({ key }) => key === subject);
  const fields = (entity?.fields ?? []).filter(
    ({ key, read_only, system }) =>
      !read_only && !system && !form.some(({ name }) => name === `record.${key}`),
  );
  if (!open) {
    return (
      <div>
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconPlus size={14} />}
          onClick={() => setOpen(true)}
        >
          {t("field_add")}
        </Button>
      </div>
    );
  }
  return (
    <Group label={t("field_add")}>
      <Select
        label={t("field_entity")}
        allowDeselect={false}
        searchable
        data={entities
          .filter(({ actions, key }) => actions.read && key !== "task" && key !== "activity")
          .map(({ key, label }) => ({ value: key, label }))}
        value={subject}
        onChange={(key) => key && setSubject(key)}
      />
      <Select
        label={t("field_which")}
        searchable
        data={[
          { value: OWN, label: t("field_own") },
          ...fields.map(({ key, label }) => ({ value: key, label })),
        ]}
        value={null}
        onChange={(key) => {
          if (!key) return;
          const field = fields.find((one) => one.key === key);
          onAdd(
            field
              ? {
                  name: `record.${field.key}`,
                  label: field.label,
                  type: typeOf(field),
                  choices: [],
                  required: true,
                }
              : { name: freeName(form), label: t("field_new"), type: "text", choices: [], required: true },
          );
          setOpen(false);
        }}
      />
    </Group>
  );
}

/** In Latin letters: a variable that formulas can say. */
function freeName(form: FormField[]): string {
  let number = 1;
  while (form.some(({ name }) => name === `field_${number}`)) number += 1;
  return `field_${number}`;
}
