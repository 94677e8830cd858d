/** Parts of actions: links of the record, papers, messages to processes, expressions. */
import { ActionIcon, Button, Select, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { paperTemplatesQuery } from "@/api/document-templates";
import { ownTemplatesQuery } from "@/api/own-templates";
import type { Entity, Field } from "@/api/types";
import { Pair } from "@/ui/block";
import { IconText } from "@/ui/page";
import { type ActionDraft, type FieldRow, freshId } from "./automation-model";

interface Props {
  action: ActionDraft;
  wrong(part: string): string | undefined;
  put(action: ActionDraft): void;
}

interface InputProps {
  value: string;
  error?: string;
  onChange(value: string): void;
}

/** Under the field, where a phone shows it whole. */
const below = ["label", "input", "description", "error"] as ("label" | "input" | "description" | "error")[];

export function Links({ entity, action, wrong, put }: Props & { entity: Entity }) {
  const { t } = useTranslation("automation");
  const links = entity.fields.filter(({ type, read_only }) => ["link", "links"].includes(type) && !read_only);
  const set = (key: string, text: string) => put({ ...action, texts: { ...action.texts, [key]: text } });
  return (
    <>
      <Select
        label={t("part_link")}
        searchable
        data={links.map(({ key, label }) => ({ value: key, label }))}
        value={action.texts.field || null}
        error={wrong("parameters.field")}
        onChange={(field) => set("field", field ?? "")}
      />
      <TextInput
        label={t("part_others")}
        description={t("others_hint", { example: "=results[0].id" })}
        inputWrapperOrder={below}
        value={action.texts.to ?? ""}
        error={wrong("parameters.to")}
        onChange={(event) => set("to", event.currentTarget.value)}
      />
    </>
  );
}

export function PaperInput({ entity, value, error, onChange }: InputProps & { entity: Entity }) {
  const { t } = useTranslation("automation");
  const ours = useQuery(paperTemplatesQuery).data ?? [];
  const own = useQuery(ownTemplatesQuery).data ?? [];
  const known = [
    ...ours
      .filter(({ entities }) => entities.includes(entity.key))
      .map(({ key, title }) => ({ value: key as string, label: title })),
    ...own
      .filter((one) => one.entity === entity.key)
      .map(({ id, title }) => ({
        // A title is what another company may have too.
        value: own.some((other) => other.entity === entity.key && other.title === title && other.id !== id)
          ? id
          : title,
        label: title,
      })),
  ];
  const unique = known.filter(
    (one, index) => known.findIndex((other) => other.value === one.value) === index,
  );
  const strange = value && !unique.some((one) => one.value === value) ? [{ value, label: value }] : [];
  return (
    <Select
      label={t("part_template")}
      placeholder={t("template_usual")}
      clearable
      data={[...unique, ...strange]}
      value={value || null}
      error={error}
      onChange={(template) => onChange(template ?? "")}
    />
  );
}

/** What a message brings: names and values. */
export function Variables({ action, wrong, put }: Props) {
  const { t } = useTranslation("automation");
  const { rows } = action;
  const change = (row: FieldRow) =>
    put({ ...action, rows: rows.map((one) => (one.id === row.id ? row : one)) });
  return (
    <>
      {rows.map((row) => (
        <Pair key={row.id}>
          <TextInput
            label={t("variable")}
            value={row.key}
            onChange={(event) => change({ ...row, key: event.currentTarget.value.trim() })}
          />
          <TextInput
            label={t("value")}
            placeholder={t("value_hint")}
            value={row.value}
            error={row.key ? wrong(`parameters.${row.key}`) : undefined}
            rightSection={
              <ActionIcon
                aria-label={t("variable_remove")}
                onClick={() => put({ ...action, rows: rows.filter(({ id }) => id !== row.id) })}
              >
                <IconTrash size={16} />
              </ActionIcon>
            }
            onChange={(event) => change({ ...row, value: event.currentTarget.value })}
          />
        </Pair>
      ))}
      <div>
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() => put({ ...action, rows: [...rows, { id: freshId(), key: "", value: "" }] })}
        >
          <IconText icon={<IconPlus size={14} />}>{t("variable_add")}</IconText>
        </Button>
      </div>
    </>
  );
}

export function ScriptInput({ value, error, onChange }: InputProps) {
  const { t } = useTranslation("automation");
  return (
    <Textarea
      label={t("part_script")}
      description={t("script_hint", { example: "results[0]" })}
      inputWrapperOrder={below}
      autosize
      minRows={2}
      maxRows={12}
      spellCheck={false}
      styles={{ input: { fontFamily: "var(--font-mono)", fontSize: 12 } }}
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

interface RowsProps {
  fields: readonly Field[];
  rows: FieldRow[];
  /** The server's words about a field. */
  wrong(key: string): string | undefined;
  put(rows: FieldRow[]): void;
}

/** Fields with their values. */
export function FieldRows({ fields, rows, wrong, put }: RowsProps) {
  const { t } = useTranslation("automation");
  const change = (row: FieldRow) => put(rows.map((one) => (one.id === row.id ? row : one)));
  const open = fields.filter((field) => !field.read_only && !field.computed);
  return (
    <>
      {rows.map((row) => (
        <Pair key={row.id}>
          <Select
            label={t("field")}
            searchable
            data={open
              .filter(({ key }) => key === row.key || !rows.some((one) => one.key === key))
              .map(({ key, label }) => ({ value: key, label }))}
            value={row.key || null}
            error={row.key ? wrong(row.key) : undefined}
            onChange={(key) => change({ ...row, key: key ?? "" })}
          />
          <TextInput
            label={t("value")}
            placeholder={t("value_hint")}
            value={row.value}
            rightSection={
              <ActionIcon
                aria-label={t("field_remove")}
                onClick={() => put(rows.filter(({ id }) => id !== row.id))}
              >
                <IconTrash size={16} />
              </ActionIcon>
            }
            onChange={(event) => change({ ...row, value: event.currentTarget.value })}
          />
        </Pair>
      ))}
      <div>
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() => put([...rows, { id: freshId(), key: "", value: "" }])}
        >
          <IconText icon={<IconPlus size={14} />}>{t("field_add")}</IconText>
        </Button>
      </div>
    </>
  );
}
