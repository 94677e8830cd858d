/** Pieces the steps of an import share. */
import { ActionIcon, Button } from "@mantine/core";
import { IconArrowLeft, IconDownload } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { reportUrl } from "@/api/imports";
import type { Entity, Import, ImportReason, ImportState } from "@/api/types";
import { formatNumber } from "@/i18n/format";
import { Block, type Column, DataTable, Figures, Hint, Notice, Steps, Tag, type Tone } from "@/ui/block";

export function ToImports() {
  const { t } = useTranslation("imports");
  return (
    <ActionIcon component={Link} to="/imports" aria-label={t("to_all")}>
      <IconArrowLeft size={18} />
    </ActionIcon>
  );
}

export function WizardSteps({ current }: { current: number }) {
  const { t } = useTranslation("imports");
  return (
    <Steps
      label={t("steps")}
      steps={[t("step_file"), t("step_columns"), t("step_check"), t("step_import")]}
      current={current}
    />
  );
}

const tones: Record<ImportState, Tone> = {
  uploaded: "plain",
  checking: "accent",
  checked: "accent",
  running: "accent",
  done: "ok",
  cancelled: "warn",
  failed: "danger",
};

export function StateMark({ state }: { state: ImportState }) {
  const { t } = useTranslation("imports");
  return <Tag tone={tones[state] ?? "plain"}>{t(`state_${state}`)}</Tag>;
}

/** `dry`: what would happen. */
export function ImportFigures({ one, dry }: { one: Import; dry: boolean }) {
  const { t } = useTranslation("imports");
  return (
    <Figures
      items={[
        { label: t("rows_total"), value: formatNumber(one.total) },
        { label: t(dry ? "would_accept" : "accepted"), value: formatNumber(one.accepted), tone: "ok" },
        ...(one.partial > 0
          ? [{ label: t("partial"), value: formatNumber(one.partial), tone: "warn" as const }]
          : []),
        { label: t("skipped"), value: formatNumber(one.skipped) },
        {
          label: t(dry ? "would_refuse" : "refused"),
          value: formatNumber(one.refused),
          tone: one.refused > 0 ? "danger" : "plain",
        },
      ]}
    />
  );
}

/** `leftOut`: of rows that were taken without some cells. */
export function ReportButton({ one, leftOut = false }: { one: Import; leftOut?: boolean }) {
  const { t } = useTranslation("imports");
  return (
    <Button
      component="a"
      href={reportUrl(one.id, leftOut)}
      download
      variant="default"
      leftSection={<IconDownload size={16} />}
    >
      {t(leftOut ? "report_left_out" : "report")}
    </Button>
  );
}

/** That rows are taken without some of their cells. */
export function LeftOutNotice({ one, dry }: { one: Import; dry: boolean }) {
  const { t } = useTranslation("imports");
  return (
    <Notice
      tone="warn"
      title={t("partial_count", { count: one.partial })}
      action={<ReportButton one={one} leftOut />}
    >
      {t(dry ? "partial_would" : "partial_text")}
    </Notice>
  );
}

/** Name of a field that a problem is about. */
const labelIn = (one: Import, entity: Entity | undefined, key: string) =>
  one.targets.find((target) => target.key === key)?.label ??
  entity?.fields.find((field) => field.key === key)?.label ??
  key;

/** Why rows were refused and cells left out, the same reasons together. */
export function Reasons({ one, entity }: { one: Import; entity?: Entity }) {
  const { t } = useTranslation("imports");
  if (one.reasons.length === 0) return null;
  const columns: Column<ImportReason>[] = [
    {
      key: "field",
      label: t("field"),
      render: ({ field }) => (field ? labelIn(one, entity, field) : t("whole_row")),
    },
    {
      key: "message",
      label: t("reason"),
      grow: true,
      render: ({ message, values }) => (
        <>
          {message}
          {values.length > 1 && <Hint>{t("reason_values", { values: values.join(" · ") })}</Hint>}
        </>
      ),
    },
    {
      key: "fate",
      label: t("fate"),
      render: ({ left_out }) => (
        <Tag tone={left_out ? "warn" : "danger"}>{t(left_out ? "cell_left_out" : "row_refused")}</Tag>
      ),
    },
    {
      key: "rows",
      label: t("reason_rows"),
      numeric: true,
      render: ({ rows, first }) => (
        <>
          {formatNumber(rows)}
          <Hint>{t("first_rows", { rows: first.map((row) => formatNumber(row)).join(", ") })}</Hint>
        </>
      ),
    },
  ];
  return (
    <Block title={t("reasons")} note={t("reasons_note")}>
      <DataTable
        label={t("reasons")}
        columns={columns}
        rows={one.reasons}
        keyOf={(reason) => `${reason.field ?? ""}.${reason.code}.${reason.left_out}`}
      />
    </Block>
  );
}

type Refusal = Import["errors"][number];

/** The first refused rows with their reasons; all of them are in the report. */
export function RefusedRows({ one, entity }: { one: Import; entity?: Entity }) {
  const { t } = useTranslation("imports");
  const errors = one.errors.filter((error) => !error.left_out);
  if (errors.length === 0) return null;
  const columns: Column<Refusal>[] = [
    { key: "row", label: t("row"), numeric: true, render: (error) => formatNumber(error.row) },
    {
      key: "field",
      label: t("field"),
      render: (error) => (error.field ? labelIn(one, entity, error.field) : null),
    },
    { key: "message", label: t("reason"), grow: true, render: (error) => error.message },
  ];
  return (
    <Block
      title={t("refused_rows")}
      note={one.refused > errors.length ? t("refused_first", { count: errors.length }) : t("refused_note")}
      actions={<ReportButton one={one} />}
    >
      <DataTable
        label={t("refused_rows")}
        columns={columns}
        rows={errors}
        keyOf={(error) => `${error.row}.${error.field ?? ""}.${error.code}`}
      />
    </Block>
  );
}
