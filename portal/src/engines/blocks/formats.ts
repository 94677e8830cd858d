/** Figures in words by the format a block names. */
import { durationText } from "@/engines/fields/duration";
import { currentLocale } from "@/i18n";
import { formatMoney, formatMoneyShort, formatNumber, withMinus } from "@/i18n/format";
import type { Format } from "./tree";

export function figure(value: number, format: Format | undefined, currency: string, short = false): string {
  if (format === "money") return short ? formatMoneyShort(value, currency) : formatMoney(value, currency);
  if (format === "percent") return `${formatNumber(value * 100, 1)} %`;
  if (format === "duration") return durationText(Math.round(value));
  if (!short || Math.abs(value) < 10_000) return formatNumber(value);
  const compact = new Intl.NumberFormat(currentLocale(), { notation: "compact", maximumFractionDigits: 1 });
  return withMinus(compact.format(value));
}
