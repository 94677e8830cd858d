/**
 * Amounts of money: the one place that knows how an amount and its currency stand in a row. Pure.
 */
import type { Field, Fields, Value } from "@/api/types";
import type { Shape } from "@/engines/source";
import { formatMoney } from "@/i18n/format";

/** The currency of a row's amounts. */
export function currencyOf(fields: Fields | undefined, fallback: string): string {
  return typeof fields?.currency === "string" && fields.currency ? fields.currency : fallback;
}

/** An amount in words; what is no number stays as it is. */
export function moneyText(value: Value, currency: string): string {
  const amount = amountOf(value);
  return amount === undefined ? String(value) : formatMoney(amount, currency);
}

/** The amount alone, where there is one: sums, the number in an editor. */
export function amountOf(value: Value): number | undefined {
  const amount = value === null || value === undefined || value === "" ? Number.NaN : Number(value);
  return Number.isFinite(amount) ? amount : undefined;
}

/** Digits an amount is typed with. */
export const moneyDecimals = 2;

/** Fields that must be read for a row's amounts to be shown. */
export const moneyCompanions = ["currency"] as const;

const usual = ["RUB", "UAH", "EUR", "USD", "KZT", "BYN", "PLN", "GBP", "TRY", "CNY"];

/** Currencies to choose for an amount; none when the row's currency cannot be changed. */
export function currenciesOf(shape: Shape, current: string): { value: string; label: string }[] | undefined {
  const field: Field | undefined = shape.fields.find((one) => one.key === "currency");
  if (!field || field.read_only) return undefined;
  if (field.choices?.length) return field.choices;
  return [...new Set([current, ...usual])].map((code) => ({ value: code, label: code }));
}
