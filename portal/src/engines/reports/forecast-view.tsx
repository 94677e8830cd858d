/** What is expected, month by month: by likelihood, by history, by how sure people are. */

import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { ForecastAnswer, ForecastBucket } from "@/api/reports-wire";
import { useEntity } from "@/api/session";
import { formatMoney } from "@/i18n/format";
import { Notice } from "@/ui/block";
import { BlockSkeleton } from "@/ui/block-frame";
import { FigureTable, type HeadCell } from "@/ui/report";
import { placeOf } from "./figure-link";
import { bucketText, figureOrDash, figureText } from "./figures";
import { Opens } from "./funnel-view";
import { Missing } from "./result";

const Chart = lazy(() => import("@/ui/chart"));

const parts = ["won", "commit", "best_case", "pipeline"] as const;
const sums = ["weighted", "history", ...parts] as const;

interface Props {
  answer: ForecastAnswer;
  /** On a card of a dashboard: the chart alone. */
  height?: number;
}

export function ForecastView({ answer, height }: Props) {
  const { t } = useTranslation("reports");
  const navigate = useNavigate();
  const { months, overdue, undated, totals, currency } = answer;
  const fields = useEntity("deal")?.fields ?? [];
  const labels = Object.fromEntries(fields.map(({ key, label }) => [key, label]));
  const name = (day: string) => bucketText(day, "month", () => day);
  const empty = [...months, overdue, undated].every(({ n, won }) => n === 0 && !won);
  if (empty) return <Notice title={t("nothing_title")}>{t("forecast_nothing")}</Notice>;
  return (
    <>
      <Missing answer={{ ...answer, hidden_labels: labels }} />
      {height === undefined && <Behind bucket={overdue} currency={currency} text="forecast_overdue" />}
      <Suspense fallback={<BlockSkeleton height={height ?? 300} label={t("counting")} />}>
        <Chart
          kind="bar"
          label={t("forecast")}
          categories={months.map(({ month }) => name(month))}
          series={parts.map((part) => ({
            name: t(`forecast_${part}`),
            values: months.map((one) => one[part] ?? null),
          }))}
          stack
          height={height ?? 300}
          format={(value, short) => figureText(value, "money", currency, short)}
          onPick={(at, series) => {
            const part = parts[series];
            const drill = (part && months[at]?.drills?.[part]) ?? months[at]?.drill;
            if (drill) void navigate(placeOf(drill));
          }}
        />
      </Suspense>
      {height === undefined && (
        <>
          <Months
            rows={months.map((one) => ({ ...one, name: name(one.month) }))}
            totals={totals}
            currency={currency}
          />
          <Behind bucket={undated} currency={currency} text="forecast_undated" />
        </>
      )}
    </>
  );
}

/** Deals that are in no month: what they are and the way to them. */
function Behind({
  bucket,
  currency,
  text,
}: {
  bucket: ForecastBucket;
  currency: string;
  text: "forecast_overdue" | "forecast_undated";
}) {
  const { t } = useTranslation("reports");
  if (bucket.n === 0) return null;
  return (
    <Notice tone="warn" title={t(text, { count: bucket.n })}>
      {t(`${text}_text`)}{" "}
      <Opens drill={bucket.drill} count={bucket.n} label={t(text, { count: bucket.n })}>
        {typeof bucket.amount === "number" ? formatMoney(bucket.amount, currency) : t("show_them")}
      </Opens>
    </Notice>
  );
}

interface MonthsProps {
  rows: (ForecastBucket & { name: string })[];
  totals: ForecastBucket;
  currency: string;
}

function Months({ rows, totals, currency }: MonthsProps) {
  const { t } = useTranslation("reports");
  const heads: HeadCell[] = [
    { key: "month", label: t("month") },
    { key: "n", label: t("forecast_n"), numeric: true },
    ...sums.map((sum) => ({ key: sum, label: t(`forecast_${sum}`), numeric: true })),
  ];
  const cells = (bucket: ForecastBucket, label: string) => [
    <Opens key="n" drill={bucket.drill} count={bucket.n} label={label}>
      {String(bucket.n)}
    </Opens>,
    ...sums.map((sum) => (
      <Opens
        key={sum}
        drill={bucket[sum] ? bucket.drills?.[sum] : undefined}
        label={`${label}, ${t(`forecast_${sum}`)}`}
      >
        {figureOrDash(bucket[sum], "money", currency)}
      </Opens>
    )),
  ];
  return (
    <FigureTable
      label={t("forecast")}
      lead={1}
      heads={heads}
      rows={rows.map((row) => ({ key: row.name, labels: [row.name], cells: cells(row, row.name) }))}
      totals={{ label: t("total"), cells: cells(totals, t("total")) }}
    />
  );
}
