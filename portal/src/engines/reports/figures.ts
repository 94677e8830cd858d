/** Figures, times and the sentence of a report in words. */
import type { MeasureUnit } from "@/api/types";
import { currentLocale } from "@/i18n";
import { formatDate, formatMoney, formatMoneyShort, formatNumber, withMinus } from "@/i18n/format";
import { addDays, type Bucket } from "./period";

const unit = (value: number, name: string, digits = 0) =>
  withMinus(
    new Intl.NumberFormat(currentLocale(), {
      style: "unit",
      unit: name,
      unitDisplay: "short",
      maximumFractionDigits: digits,
    }).format(value),
  );

/** `2 h 5 min`; from a hundred hours on, hours alone. Working time has no days. */
export function spanText(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (seconds > 0 && minutes === 0) return unit(Math.round(seconds), "second");
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours === 0) return unit(rest, "minute");
  return rest === 0 || hours >= 100
    ? unit(Math.round(minutes / 60), "hour")
    : `${unit(hours, "hour")} ${unit(rest, "minute")}`;
}

/** `short`: for axes of charts. */
export function figureText(
  value: number,
  of: MeasureUnit | null | undefined,
  currency: string,
  short = false,
): string {
  switch (of) {
    case "money":
      return short ? formatMoneyShort(value, currency) : formatMoney(value, currency);
    case "percent":
      return `${formatNumber(value, 1)} %`;
    case "seconds":
      return short ? unit(value / 3_600, "hour", 1) : spanText(value);
    case "days":
      return unit(value, "day", 1);
    default:
      if (!short || Math.abs(value) < 10_000) return formatNumber(value);
      return withMinus(
        new Intl.NumberFormat(currentLocale(), { notation: "compact", maximumFractionDigits: 1 }).format(
          value,
        ),
      );
  }
}

/** A dash where there is no figure. */
export const figureOrDash = (
  value: number | null | undefined,
  of: MeasureUnit | null | undefined,
  currency = "",
): string => (typeof value === "number" ? figureText(value, of, currency) : "—");

/** How much more or less than before: points of a percentage, else the part of what was. */
export function changeText(
  value: number,
  before: number,
  of: MeasureUnit,
  points: string,
): string | undefined {
  const signed = (change: number, digits: number) =>
    withMinus(
      new Intl.NumberFormat(currentLocale(), {
        maximumFractionDigits: digits,
        signDisplay: "exceptZero",
      }).format(change),
    );
  if (of === "percent") return `${signed(value - before, 1)} ${points}`;
  return before === 0 ? undefined : `${signed(((value - before) / Math.abs(before)) * 100, 0)} %`;
}

const dated = (day: string, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(currentLocale(), { ...options, timeZone: "UTC" }).format(
    new Date(`${day}T00:00:00Z`),
  );

/** A stretch of the calendar by its first day. `quarter` writes "Q{quarter} {year}" in the reader's language. */
export function bucketText(
  day: string,
  bucket: Bucket,
  quarter: (values: { quarter: number; year: number }) => string,
): string {
  switch (bucket) {
    case "day":
      return formatDate(day);
    case "week": {
      const format = new Intl.DateTimeFormat(currentLocale(), {
        day: "numeric",
        month: "short",
        year: "numeric",
        timeZone: "UTC",
      });
      return format.formatRange(new Date(`${day}T00:00:00Z`), new Date(`${addDays(day, 6)}T00:00:00Z`));
    }
    case "month":
      return dated(day, { month: "short", year: "numeric" });
    case "quarter":
      return quarter({ quarter: Math.ceil(Number(day.slice(5, 7)) / 3), year: Number(day.slice(0, 4)) });
    case "year":
      return day.slice(0, 4);
  }
}
