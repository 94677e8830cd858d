/** What taking configuration in would do, object by object. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { formatNumber } from "@/i18n/format";
import { Buttons, type Column, DataTable, Figures, LogText, Stacked, Tag, type Tone } from "@/ui/block";
import type { ConfigurationPlan } from "./configuration-api";
import { type LineKind, linesOf, type PlanLine, spelled } from "./configuration-model";

/** Lines shown at first. */
const SHOWN = 100;

const tones: Record<LineKind, Tone> = {
  missing: "danger",
  conflict: "danger",
  create: "ok",
  change: "accent",
  remove: "warn",
  same: "plain",
};

export function PlanTable({ plan }: { plan: ConfigurationPlan }) {
  const { t } = useTranslation("configuration");
  const [withSame, setWithSame] = useState(false);
  const [most, setMost] = useState(SHOWN);
  const [open, setOpen] = useState<string>();
  const lines = linesOf(plan, withSame);
  const figure = (label: string, count: number, tone?: Tone) => ({ label, value: formatNumber(count), tone });
  const columns: Column<PlanLine>[] = [
    {
      key: "kind",
      label: t("what"),
      render: ({ kind, passes }) => <Tag tone={passes ? "warn" : tones[kind]}>{t(`kind_${kind}`)}</Tag>,
    },
    { key: "area", label: t("area"), render: ({ area }) => t(`area_${area}`) },
    {
      key: "key",
      label: t("object"),
      grow: true,
      render: ({ id, key, message, before, after }) => (
        <Stacked>
          <span>{key}</span>
          {message && <span>{message}</span>}
          {open === id && before !== undefined && <LogText>{`${t("before")}\n${spelled(before)}`}</LogText>}
          {open === id && after !== undefined && <LogText>{`${t("after")}\n${spelled(after)}`}</LogText>}
        </Stacked>
      ),
    },
    {
      key: "detail",
      label: t("detail"),
      bare: true,
      render: ({ id, key, before, after }) =>
        (before !== undefined || after !== undefined) && (
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            aria-label={t("detail_of", { name: key })}
            aria-expanded={open === id}
            onClick={() => setOpen(open === id ? undefined : id)}
          >
            {t("detail")}
          </Button>
        ),
    },
  ];
  return (
    <>
      <Figures
        items={[
          figure(t("kind_create"), plan.create.length, "ok"),
          figure(t("kind_change"), plan.change.length, "accent"),
          figure(t("kind_same"), plan.same.length),
          figure(t("kind_missing"), plan.missing.length, plan.missing.length > 0 ? "danger" : undefined),
          figure(t("kind_conflict"), plan.conflicts.length, plan.conflicts.length > 0 ? "danger" : undefined),
        ]}
      />
      {lines.length > 0 && (
        <DataTable label={t("plan")} columns={columns} rows={lines.slice(0, most)} keyOf={({ id }) => id} />
      )}
      <Buttons>
        {lines.length > most && (
          <Button variant="subtle" color="gray" onClick={() => setMost(most + SHOWN)}>
            {t("more", { count: lines.length - most })}
          </Button>
        )}
        {plan.same.length > 0 && (
          <Button variant="subtle" color="gray" onClick={() => setWithSame(!withSame)}>
            {withSame ? t("same_hide") : t("same_show")}
          </Button>
        )}
      </Buttons>
    </>
  );
}
