/** A time by name or by days. */
import { Select } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { type PeriodChoice, presets } from "@/engines/reports/period";
import { SetupLine } from "@/ui/report";

const DateEditor = lazy(() => import("@/engines/fields/date-editor"));

interface Props {
  period: PeriodChoice | undefined;
  /** What no time chosen means; all time unless it says so. */
  all?: string;
  onChange(period: PeriodChoice | undefined): void;
}

export function PeriodPicker({ period, all, onChange }: Props) {
  const { t } = useTranslation("reports");
  const own = typeof period === "object";
  const shown = own ? "own" : (period ?? "all");
  return (
    <>
      <Select
        aria-label={t("period")}
        allowDeselect={false}
        data={[
          ...presets.map((value) => ({ value, label: t(`period_${value}`) })),
          { value: "all", label: all ?? t("all_time") },
          { value: "own", label: t("own_days") },
        ]}
        value={shown}
        onChange={(next) => onChange(next === "all" || !next ? undefined : next === "own" ? {} : next)}
      />
      {own && (
        <SetupLine>
          <Suspense>
            <DateEditor
              name={t("from_day")}
              shown
              value={period.from ?? null}
              onChange={(day) => onChange({ ...period, from: dayOf(day) })}
            />
            <DateEditor
              name={t("to_day")}
              shown
              value={period.to ?? null}
              error={period.from && period.to && period.from > period.to ? t("wrong_order") : undefined}
              onChange={(day) => onChange({ ...period, to: dayOf(day) })}
            />
          </Suspense>
        </SetupLine>
      )}
    </>
  );
}

const dayOf = (value: unknown) => (typeof value === "string" && value ? value : undefined);
