/** One condition: the field is given, the person chooses how to compare and with what. */
import { Button, MultiSelect, Select, TextInput } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Refs, Value } from "@/api/types";
import { branchOf, withPaths } from "@/engines/fields/branches";
import { DurationEditor } from "@/engines/fields/duration-editor";
import { LinkEditor } from "@/engines/fields/link-editor";
import { currenciesOf } from "@/engines/fields/money";
import { NumberEditor } from "@/engines/fields/number-editor";
import { ids } from "@/engines/fields/values";
import { PopoverForm, PopoverTitle, popoverApplyClass } from "@/ui/chips";
import { type Choice, type Condition, choicesOf, inputOf, isComplete, periods, type Resolved } from "./model";
import { onlyMatch } from "./only-match";

const DateEditor = lazy(() => import("@/engines/fields/date-editor"));

interface Props {
  resolved: Resolved;
  refs: Refs;
  initial: Condition;
  /** See `choicesOf`. */
  fixed?: boolean;
  onDone(condition: Condition): void;
}

export default function ConditionEditor({ resolved, refs, initial, fixed, onDone }: Props) {
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
        data={choicesOf(resolved.field, fixed).map((choice) => ({
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
      <Button type="submit" size="compact-sm" className={popoverApplyClass} disabled={!complete}>
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
        <Choices options={optionsOf(resolved)} value={ids(value)} onChange={onChange} />
      );
    default:
      return null;
  }
}

interface ChoicesProps {
  options: Option[];
  value: string[];
  onChange(value: string[]): void;
}

/** Enter takes what was typed where only one is called so; with nothing typed it applies the condition. */
function Choices({ options, value, onChange }: ChoicesProps) {
  const { t } = useTranslation("filters");
  const [typed, setTyped] = useState("");
  const take = (next: string[]) => onChange([...new Set(next)]);
  return (
    <MultiSelect
      aria-label={t("value")}
      placeholder={value.length ? undefined : t("value")}
      searchable
      data={options}
      value={value}
      onChange={(next) => {
        const added = next.filter((one) => !value.includes(one));
        take(added.length > 0 ? [...value, ...added.flatMap((one) => branchOf(options, one))] : next);
      }}
      searchValue={typed}
      onSearchChange={setTyped}
      comboboxProps={{ withinPortal: false }}
      onKeyDown={(event) => {
        // What the arrows point at is taken by itself.
        if (event.key !== "Enter" || event.currentTarget.hasAttribute("aria-activedescendant")) return;
        if (!typed.trim()) return;
        event.preventDefault();
        const one = onlyMatch(options, typed);
        if (!one) return;
        if (!value.includes(one)) take([...value, ...branchOf(options, one)]);
        setTyped("");
      }}
    />
  );
}

interface Option {
  value: string;
  label: string;
  /** What it stands under: whoever takes that takes this too. */
  parent?: string;
}

function optionsOf({ field, entity }: Resolved): Option[] {
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
  return field.type === "currency" ? (currenciesOf(field, undefined) ?? []) : withPaths(field.choices ?? []);
}
