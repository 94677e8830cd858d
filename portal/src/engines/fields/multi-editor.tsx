/** Several phones, e-mails, sites or messengers, each with its kind. Enter saves, a last empty line is ready. */
import { ActionIcon, Select, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { FieldType, MultiValue } from "@/api/types";
import { AddLine, MultiBox, MultiLabel, MultiLine, MultiProblem } from "@/ui/field";
import type { EditorProps } from "./editor-props";
import { multiValues } from "./values";

const plain = ["work", "mobile", "home", "other"] as const;
const messengers = ["telegram", "whatsapp", "viber", "other"] as const;

function kindsOf(type: FieldType): readonly (typeof plain | typeof messengers)[number][] {
  if (type === "messengers") return messengers;
  return type === "phones" ? plain : plain.filter((kind) => kind !== "mobile");
}

const inputTypes = { phones: "tel", emails: "email", urls: "url" } as const;

export function MultiEditor({
  field,
  value,
  onChange,
  onCommit,
  onCancel,
  label,
  error,
  autoFocus,
}: EditorProps) {
  const { t } = useTranslation(["fields", "common"]);
  const box = useRef<HTMLDivElement>(null);
  const kinds = kindsOf(field.type);
  const fallback = kinds[0] ?? "other";
  const values = multiValues(value);
  const rows: MultiValue[] = values.length > 0 ? values : [{ value: "", kind: fallback }];
  const put = (index: number, patch: Partial<MultiValue>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...patch } : row)));
  const filled = () =>
    rows.filter((row) => row.value.trim()).map((row) => ({ ...row, value: row.value.trim() }));
  const inputType = field.type === "messengers" ? "text" : inputTypes[field.type as keyof typeof inputTypes];

  return (
    <MultiBox
      ref={box}
      label={field.label}
      onEscape={() => onCancel?.()}
      onEnter={() => onCommit?.(filled())}
    >
      {label && <MultiLabel>{label}</MultiLabel>}
      {rows.map((row, index) => (
        <MultiLine key={index}>
          <TextInput
            type={inputType}
            aria-label={`${field.label} ${index + 1}`}
            autoFocus={autoFocus && index === 0}
            value={row.value}
            onChange={(event) => put(index, { value: event.currentTarget.value })}
          />
          <Select
            aria-label={t("fields:kind")}
            allowDeselect={false}
            data={kinds.map((kind) => ({
              value: kind,
              label: t(`fields:kind_${kind === "other" ? "else" : kind}`),
            }))}
            value={row.kind}
            onChange={(kind) => kind && put(index, { kind })}
            comboboxProps={{ withinPortal: false }}
          />
          <ActionIcon
            aria-label={t("fields:remove_value")}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
          >
            <IconX size={16} />
          </ActionIcon>
        </MultiLine>
      ))}
      {error && <MultiProblem>{error}</MultiProblem>}
      <AddLine
        icon={<IconPlus size={14} />}
        onClick={() => onChange([...rows, { value: "", kind: fallback }])}
      >
        {t("fields:add_value")}
      </AddLine>
    </MultiBox>
  );
}
