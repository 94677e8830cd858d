/** What a report shows, in a sentence. */
import { useTranslation } from "react-i18next";
import type { Entity, Measure } from "@/api/types";
import { summaryOf } from "@/engines/filters/summary";
import { useSummaryContext } from "@/engines/filters/use-summary";
import { currentLocale } from "@/i18n";
import { formatDate } from "@/i18n/format";
import { isPreset, type PeriodChoice } from "./period";
import type { Question } from "./question";
import { useKnownAxes } from "./use-axes";

/** A time in words. */
export function usePeriodText(): (period: PeriodChoice | undefined) => string {
  const { t } = useTranslation("reports");
  return (period) => {
    if (!period) return t("all_time");
    if (typeof period === "string") return isPreset(period) ? t(`period_${period}`) : period;
    const { from, to } = period;
    if (from && to) return t("from_to", { from: formatDate(from), to: formatDate(to) });
    return from
      ? t("since", { from: formatDate(from) })
      : to
        ? t("until", { to: formatDate(to) })
        : t("all_time");
  };
}

export function useSentence(question: Question, entity: Entity, measures: Measure[]): string {
  const { t } = useTranslation("reports");
  const period = usePeriodText();
  const context = useSummaryContext(entity, question.filter);
  const axes = useKnownAxes(entity, [...question.rows, ...(question.column ? [question.column] : [])]);
  const list = new Intl.ListFormat(currentLocale(), { type: "conjunction" });
  const what = question.measures.map((key) => measures.find((one) => one.key === key)?.label ?? key);
  const parts = [
    list.format(what),
    ...(axes.length > 0
      ? [
          t("said_by", {
            axes: list.format(
              axes.map(({ label, bucket }) => (bucket ? `${label} (${t(`bucket_${bucket}`)})` : label)),
            ),
          }),
        ]
      : []),
    period(question.period),
    ...(question.compare ? [t(`said_${question.compare}`)] : []),
  ];
  const only = question.filter ? ` ${t("said_only", { filter: summaryOf(question.filter, context) })}` : "";
  const said = parts.join(" · ");
  // A date may end with a point of its own.
  return `${said}${said.endsWith(".") ? "" : "."}${only}`;
}
