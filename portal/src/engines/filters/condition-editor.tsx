/** One condition: the field is given, the person chooses how to compare and with what. */
import { Button, MultiSelect, Select, TextInput } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Refs, Value } from "@/api/types";
import { DurationEditor } from "@/engines/fields/duration-editor";
import { LinkEditor } from "@/engines/fields/link-editor";
import { currenciesOf } from "@/engines/fields/money";
import { NumberEditor } from "@/engines/fields/number-editor";
import { ids } from "@/engines/fields/values";
import { PopoverForm, PopoverTitle } from "@/ui/chips";
import { type Choice, type Condition, choicesOf, inputOf, isComplete, periods, type Resolved } from "./model";

const DateEditor = lazy(() => import("@/engines/fields/date-editor"));

interface Props {
  resolved: Resolved;
  refs: Refs;
  initial: Condition;
  onDone(condition: Condition): void;
}

export default function ConditionEditor({ resolved, refs, initial, onDone }: Props) {
  const { t } = useTranslation(["filters", "common"]);
  const [condition, setCondition] = useState(initial);
  const { type } = resolved.field;
  const complete = isComplete(condition, type);
  const choose = (choice: Choice) =>
    setCondition((old) => ({
      ...old,
      choice,
      // What was entered stays when the new comparison takes the same.
      value: inputOf(choice, type) === inputOf(old.choice, type) ? old.value : null,
    }));
  return (
    <PopoverForm focus onSubmit={() => complete && onDone(condition)}>
      <PopoverTitle>{resolved.label}</PopoverTitle>
      <Select
        aria-label={t("filters:comparison")}
        allowDeselect={false}
        data={choicesOf(resolved.field).map((choice) => ({
          value: choice,
          label: t(`filters:choice_${choice}`),
        }))}
        value={condition.choice}
        onChange={(choice) => choice && choose(choice as Choice)}
        comboboxProps={{ withinPortal: false }}
      />
      <ValueInput
        resolved={resolved}
        refs={refs}
        condition={condition}
        onChange={(value) => setCondition((old) => ({ ...old, value }))}
      />
      <Button type="submit" disabled={!complete}>
        {t("common:apply")}
      </Button>
    </PopoverForm>
  );
}

interface ValueProps {
  resolved: Resolved;
  refs: Refs;
  condition: Condition;
  onChange(value: Value): void;
}

function ValueInput({ resolved, refs, condition, onChange }: ValueProps) {
  const { t } = useTranslation("filters");
  const { field, entity } = resolved;
  const { value } = condition;
  const pair: Value[] = Array.isArray(value) && value.length === 2 ? value : [null, null];
  const put = (index: number, next: Value) => onChange(pair.map((old, at) => (at === index ? next : old)));
  const numeric = (current: Value, set: (next: Value) => void, label: string) =>
    field.type === "duration" ? (
      <DurationEditor name={label} value={current} onChange={set} />
    ) : (
      <NumberEditor name={label} placeholder={label} value={current} onChange={set} />
    );
  const day = (current: Value, set: (next: Value) => void, label: string) => (
    <Suspense>
      <DateEditor name={label} value={current} onChange={set} nested />
    </Suspense>
  );
  switch (inputOf(condition.choice, field.type)) {
    case "text":
      return (
        <TextInput
          aria-label={t("value")}
          placeholder={t("value")}
          autoFocus
          value={typeof value === "string" ? value : ""}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case "number":
      return numeric(value, onChange, t("value"));
    case "days":
      return (
        <NumberEditor
          name={t("days_count")}
          placeholder={t("days_count")}
          value={value}
          decimals={0}
          onChange={onChange}
        />
      );
    case "numbers":
      return (
        <>
          {numeric(pair[0], (next) => put(0, next), t("from"))}
          {numeric(pair[1], (next) => put(1, next), t("to"))}
        </>
      );
    case "period":
      return (
        <Select
          aria-label={t("period")}
          placeholder={t("period")}
          allowDeselect={false}
          data={periods.map((period) => ({ value: period, label: t(`period_${period as "today"}`) }))}
          value={typeof value === "string" ? value : null}
          onChange={onChange}
          comboboxProps={{ withinPortal: false }}
        />
      );
    case "day":
      return day(value, onChange, t("day"));
    case "days_range":
      return (
        <>
          {day(pair[0], (next) => put(0, next), t("from"))}
          {day(pair[1], (next) => put(1, next), t("to"))}
        </>
      );
    case "set":
      return ["user", "department", "link", "links"].includes(field.type) ? (
        <LinkEditor entity={entity} field={field} value={value} refs={refs} onChange={onChange} several />
      ) : (
        <MultiSelect
          aria-label={t("value")}
          placeholder={ids(value).length ? undefined : t("value")}
          searchable
          data={optionsOf(resolved)}
          value={ids(value)}
          onChange={onChange}
          comboboxProps={{ withinPortal: false }}
        />
      );
    default:
      return null;
  }
}

function optionsOf({ field, entity }: Resolved): { value: string; label: string }[] {
  if (field.type === "stage") {
    const many = entity.pipelines.length > 1;
    return entity.pipelines.flatMap((pipeline) =>
      pipeline.stages.map((stage) => ({
        value: stage.key,
        label: many ? `${pipeline.name}: ${stage.name}` : stage.name,
      })),
    );
  }
  if (field.type === "pipeline") return entity.pipelines.map(({ id, name }) => ({ value: id, label: name }));
  return (field.type === "currency" ? currenciesOf(field, undefined) : field.choices) ?? [];
}
