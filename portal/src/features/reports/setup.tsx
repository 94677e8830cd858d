/** Setting a report up: what is counted, by what, when, which of it, how it is drawn. */
import { ActionIcon, MultiSelect, SegmentedControl, Select } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useEntities, useMe } from "@/api/session";
import type { Entity, Measure } from "@/api/types";
import { currenciesOf } from "@/engines/fields/money";
import { FilterBar } from "@/engines/filters/filter-bar";
import { buckets, hasBothEnds } from "@/engines/reports/period";
import { useExportEntity, useProcessEntity } from "@/engines/reports/process-entity";
import {
  axisChoices,
  axisOf,
  axisText,
  type ChartKind,
  chartKinds,
  isPersonAxis,
  most,
  type Question,
  tidy,
  usualAxis,
  withEntity,
} from "@/engines/reports/question";
import { useKnownAxes } from "@/engines/reports/use-axes";
import { PictureOnly, SetupGroup, SetupLine, SetupPanel } from "@/ui/report";
import { chartIcon } from "./chart-icon";
import { PeriodPicker } from "./period-picker";

interface Props {
  question: Question;
  entity: Entity | undefined;
  measures: Measure[];
  /** The axes that modules have brought. */
  named: { key: string; entity: string; label: string; field: string }[];
  open: boolean;
  onChange(question: Question): void;
}

export function Setup({ question, entity, measures, named, open, onChange }: Props) {
  const { t } = useTranslation("reports");
  const put = (part: Partial<Question>) => onChange(tidy({ ...question, ...part }));
  return (
    <SetupPanel label={t("setup")} open={open}>
      <What question={question} entity={entity} measures={measures} onChange={onChange} put={put} />
      {entity && (
        <>
          <SetupGroup title={t("by_what")}>
            <Axes question={question} entity={entity} named={named} put={put} />
          </SetupGroup>
          <When question={question} put={put} />
          {entity.fields.some(({ filterable }) => filterable) && (
            <SetupGroup title={t("only_which")}>
              <FilterBar entity={entity} filter={question.filter} onChange={(filter) => put({ filter })} />
            </SetupGroup>
          )}
          <Shown
            question={question}
            entity={entity}
            money={measures.some(({ key, unit }) => unit === "money" && question.measures.includes(key))}
            put={put}
          />
        </>
      )}
    </SetupPanel>
  );
}

type Put = (part: Partial<Question>) => void;

function What({
  question,
  entity,
  measures,
  onChange,
  put,
}: Pick<Props, "question" | "entity" | "measures" | "onChange"> & { put: Put }) {
  const { t } = useTranslation("reports");
  const entities = useEntities();
  const processes = useProcessEntity(false);
  const exports = useExportEntity();
  const counted = [...entities, processes, exports].filter(({ key }) =>
    measures.some((one) => one.entity === key),
  );
  return (
    <SetupGroup title={t("what")}>
      <Select
        aria-label={t("about")}
        placeholder={t("about")}
        allowDeselect={false}
        data={counted.map(({ key, label_plural }) => ({ value: key, label: label_plural }))}
        value={entity?.key ?? null}
        onChange={(key) => key && key !== entity?.key && onChange(withEntity(question, key))}
      />
      {entity && (
        <MultiSelect
          aria-label={t("measures")}
          placeholder={question.measures.length ? undefined : t("choose_measures")}
          searchable
          maxValues={most.measures}
          nothingFoundMessage={t("nothing_found")}
          data={measures
            .filter((one) => one.entity === entity.key)
            .map(({ key, label }) => ({ value: key, label }))}
          value={question.measures}
          onChange={(chosen) => put({ measures: chosen, entity: entity.key })}
        />
      )}
    </SetupGroup>
  );
}

interface AxesProps {
  question: Question;
  entity: Entity;
  named: Props["named"];
  put: Put;
}

function Axes({ question, entity, named, put }: AxesProps) {
  const { t } = useTranslation("reports");
  const { rows, column } = question;
  return (
    <>
      {rows.map((text, at) => (
        <AxisLine
          key={text}
          label={t("row", { number: at + 1 })}
          entity={entity}
          named={named}
          value={text}
          taken={[...rows, ...(column ? [column] : [])]}
          onChange={(next) =>
            put({ rows: rows.flatMap((old, place) => (place !== at ? [old] : next ? [next] : [])) })
          }
        />
      ))}
      {rows.length < most.rows && (
        <AxisLine
          key={`new ${rows.length}`}
          label={t(rows.length ? "add_row" : "first_row")}
          entity={entity}
          named={named}
          taken={[...rows, ...(column ? [column] : [])]}
          onChange={(next) => next && put({ rows: [...rows, next] })}
        />
      )}
      <AxisLine
        key={`column ${column}`}
        label={t("across")}
        entity={entity}
        named={named}
        value={column}
        taken={[...rows, ...(column ? [column] : [])]}
        onChange={(next) => put({ column: next })}
      />
    </>
  );
}

interface LineProps {
  label: string;
  entity: Entity;
  named: Props["named"];
  value?: string;
  taken: string[];
  onChange(value: string | undefined): void;
}

function AxisLine({ label, entity, named, value, taken, onChange }: LineProps) {
  const { t } = useTranslation("reports");
  const entities = useEntities();
  const [known] = useKnownAxes(entity, value ? [value] : []);
  const used = taken.map((text) => axisOf(text).key).filter((key) => key !== known?.key);
  const choices = axisChoices(entity, entities).filter(({ path }) => !used.includes(path));
  const modules = named.filter(({ entity: of, key }) => of === entity.key && !used.includes(key));
  const groups = [...new Set(choices.map(({ group }) => group))];
  const option = ({ path, field, group }: (typeof choices)[number]) => ({
    value: path,
    // Fields of several records have the same names.
    label:
      group && field
        ? `${group} → ${field.label}`
        : (field?.label ?? (isPersonAxis(path) ? t(`axis_${path}`) : path)),
  });
  const data = [
    ...groups.map((group) => ({
      group: group ?? entity.label,
      items: choices.filter((one) => one.group === group).map(option),
    })),
    ...(modules.length > 0
      ? [
          {
            group: t("of_modules"),
            items: modules.map(({ key, label: text }) => ({ value: key, label: text })),
          },
        ]
      : []),
  ];
  const choose = (path: string) => {
    const found = choices.find((one) => one.path === path);
    onChange(found ? usualAxis(found) : path);
  };
  return (
    <SetupLine>
      <Select
        aria-label={label}
        placeholder={label}
        leftSection={value ? undefined : <IconPlus size={14} />}
        searchable
        nothingFoundMessage={t("nothing_found")}
        data={data}
        value={known?.key ?? null}
        onChange={(path) => path && choose(path)}
      />
      {known?.bucket && (
        <Select
          aria-label={t("step")}
          w={104}
          style={{ flex: "none" }}
          allowDeselect={false}
          data={buckets.map((bucket) => ({ value: bucket, label: t(`bucket_${bucket}`) }))}
          value={known.bucket}
          onChange={(bucket) =>
            onChange(axisText({ key: known.key, bucket: buckets.find((one) => one === bucket) }))
          }
        />
      )}
      {value && (
        <ActionIcon
          aria-label={t("remove_axis", { axis: known?.label })}
          onClick={() => onChange(undefined)}
          mb={2}
        >
          <IconTrash size={16} />
        </ActionIcon>
      )}
    </SetupLine>
  );
}

function When({ question, put }: { question: Question; put: Put }) {
  const { t } = useTranslation("reports");
  const { period, compare } = question;
  return (
    <SetupGroup title={t("when")}>
      <PeriodPicker period={period} onChange={(next) => put({ period: next })} />
      <Select
        aria-label={t("compare")}
        disabled={!hasBothEnds(period)}
        allowDeselect={false}
        data={[
          { value: "none", label: t("compare_none") },
          { value: "before", label: t("compare_before") },
          { value: "year_ago", label: t("compare_year_ago") },
        ]}
        value={compare ?? "none"}
        onChange={(next) => put({ compare: next === "before" || next === "year_ago" ? next : undefined })}
      />
    </SetupGroup>
  );
}

interface ShownProps {
  question: Question;
  entity: Entity;
  /** Whether amounts are among the figures. */
  money: boolean;
  put: Put;
}

function Shown({ question, entity, money, put }: ShownProps) {
  const { t } = useTranslation("reports");
  const { currency } = useMe().tenant;
  const field = entity.fields.find(({ type, key }) => type === "currency" && key === "currency");
  return (
    <SetupGroup title={t("shown_as")}>
      <SegmentedControl
        fullWidth
        aria-label={t("shown_as")}
        data={chartKinds.map((value) => ({
          value,
          label: <PictureOnly title={t(`chart_${value}`)}>{chartIcon(value)}</PictureOnly>,
        }))}
        value={question.chart}
        onChange={(chart) => put({ chart: chart as ChartKind })}
      />
      {money && field && (
        <Select
          aria-label={t("currency")}
          searchable
          allowDeselect={false}
          data={currenciesOf({ ...field, read_only: false }, currency)}
          value={question.currency ?? currency}
          onChange={(next) => put({ currency: next && next !== currency ? next : undefined })}
        />
      )}
    </SetupGroup>
  );
}
