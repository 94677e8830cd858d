/**
 * The control for a field's value, one per type. Controlled: `value` in, `onChange` out. `onCommit` says
 * that the person is done (Enter, a choice made); places that save as a whole leave it out.
 */
import { Checkbox, Select, Textarea, TextInput } from "@mantine/core";
import { type KeyboardEvent, lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import type { Refs, Value } from "@/api/types";
import { PickMany } from "@/ui/pick-many";
import { AddressEditor } from "./address-editor";
import { DurationEditor } from "./duration-editor";
import type { EditorProps } from "./editor-props";
import { offeredOf } from "./kinds";
import { LinkEditor } from "./link-editor";
import { currenciesOf, currencyOf, decimalsOf } from "./money";
import { MultiEditor } from "./multi-editor";
import { NumberEditor } from "./number-editor";
import { RecordEditor } from "./record-editor";
import { selectText } from "./select-text";
import { ids } from "./values";

export const loadDateEditor = () => import("./date-editor");
const DateEditor = lazy(loadDateEditor);

export function FieldEditor(props: EditorProps) {
  const { t } = useTranslation(["common", "fields"]);
  const { field, value, onChange, onCommit, onCancel, label, error, autoFocus } = props;
  const { currency } = useMe().tenant;
  const named = label ? { label } : { "aria-label": field.label };
  const first = { autoFocus, "data-autofocus": autoFocus || undefined };
  const common = { ...named, ...first, error, size: "sm", required: false } as const;
  const typed = { name: label ?? field.label, shown: label !== undefined, error, autoFocus } as const;
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Escape" && onCancel) {
      event.stopPropagation();
      onCancel();
    }
    const multiline = field.type === "long_text" || field.type === "json";
    if (
      event.key === "Enter" &&
      !event.nativeEvent.isComposing &&
      (!multiline || event.ctrlKey || event.metaKey)
    ) {
      if (onCommit) {
        event.preventDefault();
        onCommit(value);
      }
    }
  };
  const choose = (next: Value, refs?: Refs) => {
    onChange(next, refs);
    onCommit?.(next, refs);
  };

  switch (field.type) {
    case "boolean":
      return (
        <Checkbox
          {...named}
          {...first}
          error={error}
          checked={value === true}
          onChange={(event) => choose(event.currentTarget.checked)}
          onKeyDown={keys}
        />
      );
    case "integer":
      return <NumberEditor {...typed} value={value} decimals={0} onChange={onChange} onKeyDown={keys} />;
    case "decimal":
      return <NumberEditor {...typed} value={value} onChange={onChange} onKeyDown={keys} />;
    case "money": {
      const decimals = decimalsOf(currencyOf(props.entity, field, props.fields, currency));
      return (
        <NumberEditor {...typed} value={value} decimals={decimals} onChange={onChange} onKeyDown={keys} />
      );
    }
    case "duration":
      return <DurationEditor {...typed} value={value} onChange={onChange} onKeyDown={keys} />;
    case "address":
      return <AddressEditor {...props} />;
    case "currency":
      return (
        <ChoiceEditor {...props} data={currenciesOf(field, text(value)) ?? []} choose={choose} keys={keys} />
      );
    case "choices":
    case "choice":
      return <ChoiceEditor {...props} data={offeredOf(field, value)} choose={choose} keys={keys} />;
    case "stage":
      return (
        <ChoiceEditor
          {...props}
          data={props.entity.pipelines
            .filter((pipeline) => !props.fields?.pipeline || pipeline.id === props.fields.pipeline)
            .flatMap((pipeline) => pipeline.stages.map((stage) => ({ value: stage.key, label: stage.name })))}
          choose={choose}
          keys={keys}
        />
      );
    case "pipeline":
      return (
        <ChoiceEditor
          {...props}
          data={props.entity.pipelines.map((pipeline) => ({ value: pipeline.id, label: pipeline.name }))}
          choose={choose}
          keys={keys}
        />
      );
    case "date":
    case "datetime":
      return (
        <Suspense fallback={<TextInput {...common} readOnly value="" />}>
          <DateEditor
            {...typed}
            value={value}
            clock={field.type === "datetime"}
            clearable={!field.required}
            nested={props.nested}
            onChange={onChange}
            onPick={field.type === "date" ? onCommit : undefined}
            onKeyDown={keys}
          />
        </Suspense>
      );
    case "user":
    case "department":
    case "link":
    case "links":
      return <LinkEditor {...props} />;
    case "record":
      return <RecordEditor {...props} />;
    case "phones":
    case "emails":
    case "urls":
    case "messengers":
      return <MultiEditor {...props} />;
    case "long_text":
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          maxRows={16}
          maxLength={field.max_length}
          value={String(value ?? "")}
          onChange={(event) => onChange(event.currentTarget.value || null)}
          onKeyDown={keys}
        />
      );
    case "json":
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          maxRows={16}
          ff="monospace"
          defaultValue={value === null || value === undefined ? "" : JSON.stringify(value, null, 2)}
          onChange={(event) => {
            try {
              onChange(event.currentTarget.value.trim() ? JSON.parse(event.currentTarget.value) : null);
              event.currentTarget.setCustomValidity("");
            } catch {
              event.currentTarget.setCustomValidity(t("fields:json_wrong"));
            }
          }}
          onKeyDown={keys}
        />
      );
    default:
      return (
        <TextInput
          {...common}
          maxLength={field.max_length}
          value={String(value ?? "")}
          onChange={(event) => onChange(event.currentTarget.value || null)}
          onKeyDown={keys}
        />
      );
  }
}

const text = (value: Value) => (typeof value === "string" && value ? value : undefined);

interface ChoiceProps extends EditorProps {
  data: { value: string; label: string }[];
  choose(value: Value): void;
  keys(event: KeyboardEvent): void;
}

function ChoiceEditor(props: ChoiceProps) {
  const { field, value, data, label, error, autoFocus, open, nested, choose, keys } = props;
  const { t } = useTranslation("fields");
  const named = label ? { label } : { "aria-label": field.label };
  if (Array.isArray(value) || field.type === "choices") {
    return (
      <PickMany
        {...named}
        error={error}
        autoFocus={autoFocus}
        data-autofocus={autoFocus || undefined}
        data={data}
        value={ids(value)}
        onChange={choose}
        onKeyDown={(event) => event.key === "Escape" && keys(event)}
        nothingFoundMessage={t("nothing_found")}
      />
    );
  }
  return (
    <Select
      {...named}
      error={error}
      autoFocus={autoFocus}
      data-autofocus={autoFocus || undefined}
      comboboxProps={{ withinPortal: !nested }}
      defaultDropdownOpened={open}
      searchable={data.length > 7}
      onFocus={data.length > 7 ? selectText : undefined}
      clearable={!field.required && field.type === "choice"}
      allowDeselect={false}
      data={data}
      value={typeof value === "string" ? value : null}
      // Choosing what was chosen already is an answer too.
      onOptionSubmit={choose}
      onChange={(next) => next === null && choose(null)}
      onKeyDown={(event) => event.key === "Escape" && keys(event)}
      nothingFoundMessage={t("nothing_found")}
      clearButtonProps={{ "aria-label": t("clear") }}
    />
  );
}
