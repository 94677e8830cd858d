/**
 * Amounts of money: the one place that knows how an amount and its currency stand in a row. Pure.
 */
import type { Field, Fields, Value } from "@/api/types";
import type { Shape } from "@/engines/source";
import { currentLocale } from "@/i18n";
import { formatMoney } from "@/i18n/format";

/** The field that holds the currency of an amount: the one that says so, else the entity's only one. */
export function currencyFieldOf(shape: Shape, money: Field): Field | undefined {
  return (
    shape.fields.find((field) => field.part_of === money.key) ??
    shape.fields.find((field) => field.key === "currency")
  );
}

/** The currency of an amount in a row. */
export function currencyOf(shape: Shape, money: Field, fields: Fields | undefined, fallback: string): string {
  const value = fields?.[currencyFieldOf(shape, money)?.key ?? "currency"];
  return typeof value === "string" && value ? value : fallback;
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

/** Digits after the separator that amounts of this currency have; two where nobody knows it. */
export function decimalsOf(currency: string): number {
  try {
    const format = new Intl.NumberFormat("en", { style: "currency", currency });
    return format.resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

const usual = ["RUB", "UAH", "EUR", "USD", "KZT", "BYN", "PLN", "GBP", "TRY", "CNY"];

/** The present one, the usual ones, then all others by their code. */
export function inUsualOrder(codes: string[], present?: string): string[] {
  const first = [...(present ? [present] : []), ...usual.filter((code) => codes.includes(code))];
  return [...new Set([...first, ...[...codes].sort()])];
}

/** "euro (EUR)"; the code alone where it has no name. */
export function currencyName(code: string): string {
  try {
    const name = new Intl.DisplayNames(currentLocale(), { type: "currency" }).of(code);
    return name && name !== code ? `${name} (${code})` : code;
  } catch {
    return code;
  }
}

/** Currencies to choose from, those used most first; none when the row's currency cannot be changed. */
export function currenciesOf(
  field: Field | undefined,
  current: string | undefined,
): { value: string; label: string }[] | undefined {
  if (!field || field.read_only) return undefined;
  const known = field.choices?.map(({ value }) => value) ?? usual;
  return inUsualOrder(known, current).map((code) => ({ value: code, label: currencyName(code) }));
}
