/** Inputs that are no field types: a period, a filter, a text with placeholders, files, rows of a form within the form. */
import { ActionIcon, Button, SegmentedControl, Textarea } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import type { Fields, Filter, Refs, Value } from "@/api/types";
import { useSay } from "@/engines/blocks/context";
import type { Environment } from "@/engines/blocks/expression/evaluate";
import { Markdown } from "@/engines/blocks/small/markdown";
import type { Input } from "@/engines/blocks/tree";
import { FieldEditor } from "@/engines/fields/editor";
import { FilterBar } from "@/engines/filters/filter-bar";
import type { Shape } from "@/engines/source";
import { BlockBox, InputGroup, InputRow, SubForm } from "@/ui/block-frame";
import { Prose } from "@/ui/tiles";
import { FileInput } from "./file-input";
import { fieldOfInput, isPeriod, type Period, rowsOf } from "./model";

interface Props {
  input: Input;
  label: string;
  value: Value;
  refs: Refs;
  shape: Shape;
  environment: Environment;
  error?: string | undefined;
  onChange(value: Value, refs?: Refs): void;
}

const kinds = new Set(["period", "filter", "template", "rows", "file"]);
export const isOwnInput = (input: Input | undefined): input is Input =>
  input?.type !== undefined && kinds.has(input.type);

export function OwnInput(props: Props) {
  switch (props.input.type) {
    case "period":
      return <PeriodInput {...props} />;
    case "filter":
      return <FilterInput {...props} />;
    case "template":
      return <TemplateInput {...props} />;
    case "file":
      return <FileInput {...props} />;
    default:
      return <RowsInput {...props} />;
  }
}

function PeriodInput({ input, label, value, refs, shape, error, onChange }: Props) {
  const { t } = useTranslation("blocks");
  const period: Period = isPeriod(value) ? value : {};
  const put = (next: Period) => onChange(next.from || next.to ? { ...next } : null);
  return (
    <InputGroup label={label} error={error}>
      <InputRow>
        {(["from", "to"] as const).map((end) => (
          <FieldEditor
            key={end}
            entity={shape}
            field={{ ...fieldOfInput({ ...input, type: "date" }, label, []), key: `${input.name}.${end}` }}
            label={t(end === "from" ? "first_day" : "last_day")}
            value={(period[end] as Value) ?? null}
            refs={refs}
            onChange={(day) => put({ ...period, [end]: day })}
          />
        ))}
      </InputRow>
    </InputGroup>
  );
}

function FilterInput({ input, label, value, error, onChange }: Props) {
  const entity = useEntities().find(({ key }) => key === input.entity);
  if (!entity) return null;
  return (
    <InputGroup label={label} error={error}>
      <FilterBar
        entity={entity}
        filter={(value as Filter | null) ?? undefined}
        onChange={(filter) => onChange((filter as Value) ?? null)}
      />
    </InputGroup>
  );
}

function TemplateInput({ input, label, value, error, onChange }: Props) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const area = useRef<HTMLTextAreaElement>(null);
  const [mode, setMode] = useState<"write" | "look">("write");
  const text = typeof value === "string" ? value : "";
  const insert = (name: string) => {
    const { selectionStart = text.length, selectionEnd = text.length } = area.current ?? {};
    const put = `{${name}}`;
    onChange(text.slice(0, selectionStart) + put + text.slice(selectionEnd));
    const at = selectionStart + put.length;
    setTimeout(() => {
      area.current?.focus();
      area.current?.setSelectionRange(at, at);
    });
  };
  return (
    <InputGroup label={label} error={error}>
      <InputRow>
        <SegmentedControl
          size="xs"
          aria-label={label}
          value={mode}
          onChange={(next) => setMode(next as "write")}
          data={[
            { value: "write", label: t("write") },
            { value: "look", label: t("preview") },
          ]}
        />
        {mode === "write" &&
          input.placeholders?.map((one) => (
            <Button key={one.name} variant="default" size="compact-xs" onClick={() => insert(one.name)}>
              {say(one.label)}
            </Button>
          ))}
      </InputRow>
      {mode === "write" ? (
        <Textarea
          ref={area}
          aria-label={label}
          autosize
          minRows={4}
          maxRows={16}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value || null)}
        />
      ) : (
        <BlockBox>
          <Prose>
            <Markdown text={text} />
          </Prose>
        </BlockBox>
      )}
    </InputGroup>
  );
}

function RowsInput({ input, label, value, refs, shape, error, onChange }: Props) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const rows = rowsOf(value);
  const most = typeof input.max === "number" ? input.max : 50;
  const put = (next: Fields[]) => onChange(next.length > 0 ? (next as Value) : null);
  return (
    <InputGroup label={label} error={error}>
      {rows.map((row, index) => (
        <SubForm
          key={index}
          label={t("row_of", { what: label, number: index + 1 })}
          action={
            <ActionIcon
              aria-label={t("remove_row", { number: index + 1 })}
              onClick={() => put(rows.filter((_, at) => at !== index))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          }
        >
          {(input.fields ?? []).map((inner) => {
            const choices = (inner.choices ?? []).map((one) => ({ value: one.value, label: say(one.label) }));
            const field = fieldOfInput(inner, say(inner.label), choices);
            return (
              <FieldEditor
                key={inner.name}
                entity={shape}
                field={field}
                label={inner.required === true ? `${field.label} *` : field.label}
                value={(row[inner.name] as Value) ?? null}
                refs={refs}
                fields={row}
                onChange={(given, known) => {
                  const next = rows.map((one, at) => (at === index ? { ...one, [inner.name]: given } : one));
                  onChange(next as Value, known);
                }}
              />
            );
          })}
        </SubForm>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconPlus size={14} />}
        disabled={rows.length >= most}
        onClick={() => put([...rows, {}])}
      >
        {t("add_row")}
      </Button>
    </InputGroup>
  );
}
