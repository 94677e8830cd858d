/** Ways out of a question: what each is called, when it is taken, which is taken when none other is. */
import { Button, Checkbox, SegmentedControl, Select } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type Comparison,
  type Condition,
  comparisonsOf,
  readCondition,
  writeCondition,
} from "@/engines/designer/condition";
import type { Designer } from "@/engines/designer/designer";
import { flowsFrom } from "@/engines/designer/edits";
import { childOf, isA, textOf } from "@/engines/designer/moddle";
import type { Shape } from "@/engines/designer/services";
import { Group, Grow, Line, PanelPart } from "@/ui/designer-panel";
import { Hint } from "@/ui/work";
import { type Askable, useAskable } from "./fields";
import { CommitText } from "./inputs";

export const conditionOf = (flow: Shape): string => {
  const expression = childOf(flow.businessObject, "conditionExpression");
  return expression ? textOf(expression, "body") : "";
};
const isDefault = (flow: Shape) =>
  childOf(flow.source?.businessObject ?? flow.businessObject, "default") === flow.businessObject;
/** Whether what stands before it asks anything. */
export const chooses = (source: Shape | undefined): boolean =>
  source !== undefined &&
  (isA(source.businessObject, "bpmn:ExclusiveGateway") ||
    isA(source.businessObject, "bpmn:InclusiveGateway") ||
    (isA(source.businessObject, "bpmn:Activity") && flowsFrom(source).length > 1));

interface Props {
  designer: Designer;
  shape: Shape;
  nameOf(shape: Shape): string;
}

/** Of a question: each way with its condition. */
export function BranchesPart({ designer, shape, nameOf }: Props) {
  const { t } = useTranslation("drawings");
  const flows = flowsFrom(shape);
  return (
    <PanelPart name="branches" title={t("part_branches")}>
      {flows.length === 0 && <Hint>{t("branches_none")}</Hint>}
      {flows.map((flow) => (
        <Group key={flow.id} label={t("branch_to", { name: flow.target ? nameOf(flow.target) : "" })}>
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            justify="space-between"
            rightSection={<IconChevronRight size={14} />}
            onClick={() => designer.select(flow.id, true)}
          >
            {t("branch_to", { name: flow.target ? nameOf(flow.target) : "" })}
          </Button>
          <Branch designer={designer} flow={flow} />
        </Group>
      ))}
    </PanelPart>
  );
}

/** Of a flow alone. */
export function FlowPart({ designer, shape }: Omit<Props, "nameOf">) {
  const { t } = useTranslation("drawings");
  if (!chooses(shape.source)) {
    return (
      <PanelPart name="condition" title={t("part_condition")}>
        <Hint>{t("condition_none")}</Hint>
        {conditionOf(shape) && <Branch designer={designer} flow={shape} />}
      </PanelPart>
    );
  }
  return (
    <PanelPart name="condition" title={t("part_condition")}>
      <Branch designer={designer} flow={shape} />
    </PanelPart>
  );
}

function Branch({ designer, flow }: { designer: Designer; flow: Shape }) {
  const { t } = useTranslation("drawings");
  const otherwise = isDefault(flow);
  return (
    <>
      <CommitText
        label={t("branch_name")}
        placeholder={t("branch_name_hint")}
        value={flow.businessObject.name ?? ""}
        onCommit={(name) => designer.rename(flow, name.trim())}
      />
      <Checkbox
        label={t("branch_default")}
        checked={otherwise}
        onChange={(event) =>
          flow.source && designer.setDefault(flow.source, event.currentTarget.checked ? flow : undefined)
        }
      />
      {!otherwise && (
        <ConditionInput
          key={flow.id}
          designer={designer}
          value={conditionOf(flow)}
          onChange={(text) => designer.setCondition(flow, text)}
        />
      )}
    </>
  );
}

interface ConditionProps {
  designer: Designer;
  /** CEL. */
  value: string;
  onChange(text: string): void;
}

export function ConditionInput({ designer, value, onChange }: ConditionProps) {
  const { t } = useTranslation("drawings");
  const read = value ? readCondition(value) : undefined;
  const [chosen, setChosen] = useState<"simple" | "formula">();
  const mode = value && !read ? "formula" : (chosen ?? "simple");
  return (
    <>
      <SegmentedControl
        aria-label={t("condition_how")}
        value={mode}
        onChange={(next) => setChosen(next as "simple" | "formula")}
        data={[
          { value: "simple", label: t("condition_simple"), disabled: Boolean(value) && !read },
          { value: "formula", label: t("condition_formula") },
        ]}
      />
      {mode === "simple" ? (
        <SimpleCondition
          designer={designer}
          value={read}
          onChange={(next) => onChange(writeCondition(next))}
        />
      ) : (
        <CommitText
          label={t("condition_formula")}
          bare
          mono
          rows={2}
          placeholder="record.amount > 1000"
          value={value}
          onCommit={(text) => onChange(text.trim())}
        />
      )}
    </>
  );
}

function SimpleCondition({
  designer,
  value,
  onChange,
}: {
  designer: Designer;
  value: Condition | undefined;
  onChange(condition: Condition): void;
}) {
  const { t } = useTranslation("drawings");
  const groups = useAskable(designer);
  const all = groups.flatMap(({ items }) => items);
  const field = value && all.find(({ name }) => name === value.field);
  const kind =
    field?.kind ?? (typeof value?.value === "string" || !value ? "text" : (typeof value.value as "number"));
  const listed = groups.map(({ group, items }) => ({
    group,
    items: items.map(({ name, label }) => ({ value: name, label })),
  }));
  const unknown = value && !field ? [{ value: value.field, label: value.field }] : [];
  const offered = comparisonsOf(kind);
  const comparisons = value && !offered.includes(value.comparison) ? [...offered, value.comparison] : offered;
  const compares = value && value.comparison !== "filled" && value.comparison !== "empty";
  return (
    <>
      <Select
        aria-label={t("condition_field")}
        placeholder={t("condition_field")}
        searchable
        allowDeselect={false}
        data={[...unknown, ...listed]}
        value={value?.field ?? null}
        onChange={(name) => {
          const next = all.find((one) => one.name === name);
          if (next) onChange(firstOf(next));
        }}
      />
      {value && (
        <Line>
          <Select
            aria-label={t("condition_comparison")}
            w={compares ? 132 : undefined}
            flex={compares ? undefined : 1}
            allowDeselect={false}
            data={comparisons.map((one) => ({ value: one, label: t(`is_${one}`) }))}
            value={value.comparison}
            onChange={(next) => next && onChange({ ...value, comparison: next as Comparison })}
          />
          {compares && (
            <Grow>
              <ValueInput field={field} kind={kind} value={value} onChange={onChange} />
            </Grow>
          )}
        </Line>
      )}
    </>
  );
}

function firstOf({ name, kind, choices }: Askable): Condition {
  const value = kind === "boolean" ? true : kind === "number" ? 0 : (choices?.[0]?.value ?? "");
  return { field: name, comparison: kind === "number" ? "more" : "is", value };
}

function ValueInput({
  field,
  kind,
  value,
  onChange,
}: {
  field: Askable | undefined;
  kind: Askable["kind"];
  value: Condition;
  onChange(condition: Condition): void;
}) {
  const { t } = useTranslation("drawings");
  const [wrong, setWrong] = useState(false);
  const label = t("condition_value");
  if (kind === "boolean") {
    return (
      <Select
        aria-label={label}
        allowDeselect={false}
        data={[
          { value: "true", label: t("yes") },
          { value: "false", label: t("no") },
        ]}
        value={String(value.value)}
        onChange={(next) => onChange({ ...value, value: next === "true" })}
      />
    );
  }
  if (field?.choices) {
    const text = String(value.value);
    const known = field.choices.some((one) => one.value === text);
    return (
      <Select
        aria-label={label}
        allowDeselect={false}
        data={known || !text ? field.choices : [...field.choices, { value: text, label: text }]}
        value={text || null}
        onChange={(next) => next && onChange({ ...value, value: next })}
      />
    );
  }
  return (
    <CommitText
      label={label}
      bare
      value={String(value.value)}
      error={wrong ? t("number_wrong") : undefined}
      onCommit={(text) => {
        const number = Number(text.replace(",", ".").replace(/\s/g, ""));
        const bad = kind === "number" && (text.trim() === "" || !Number.isFinite(number));
        setWrong(bad);
        if (!bad) onChange({ ...value, value: kind === "number" ? number : text });
      }}
    />
  );
}
