/** Pieces the steps of an import share. */
import { ActionIcon, Button } from "@mantine/core";
import { IconArrowLeft, IconDownload } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { reportUrl } from "@/api/imports";
import type { Entity, Import, ImportState } from "@/api/types";
import { formatNumber } from "@/i18n/format";
import { Block, type Column, DataTable, Figures, Steps, Tag, type Tone } from "@/ui/block";

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

export function ReportButton({ one }: { one: Import }) {
  const { t } = useTranslation("imports");
  return (
    <Button
      component="a"
      href={reportUrl(one.id)}
      download
      variant="default"
      leftSection={<IconDownload size={16} />}
    >
      {t("report")}
    </Button>
  );
}

type Refusal = Import["errors"][number];

/** The first refused rows with their reasons; all of them are in the report. */
export function RefusedRows({ one, entity }: { one: Import; entity?: Entity }) {
  const { t } = useTranslation("imports");
  if (one.errors.length === 0) return null;
  const labelOf = (key: string) =>
    one.targets.find((target) => target.key === key)?.label ??
    entity?.fields.find((field) => field.key === key)?.label ??
    key;
  const columns: Column<Refusal>[] = [
    { key: "row", label: t("row"), numeric: true, render: (error) => formatNumber(error.row) },
    { key: "field", label: t("field"), render: (error) => (error.field ? labelOf(error.field) : null) },
    { key: "message", label: t("reason"), grow: true, render: (error) => error.message },
  ];
  return (
    <Block
      title={t("refused_rows")}
      note={
        one.refused > one.errors.length ? t("refused_first", { count: one.errors.length }) : t("refused_note")
      }
      actions={<ReportButton one={one} />}
    >
      <DataTable
        label={t("refused_rows")}
        columns={columns}
        rows={one.errors}
        keyOf={(error) => `${error.row}.${error.field ?? ""}.${error.code}`}
      />
    </Block>
  );
}
