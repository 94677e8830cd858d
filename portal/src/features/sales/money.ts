/** Amounts as documents write them: with all decimals of their currency. */
import { decimalsOf } from "@/engines/fields/money";
import { currentLocale } from "@/i18n";
import { formatExactMoney, withMinus } from "@/i18n/format";

/** The amount alone. */
export function digitsOf(value: number, currency: string): string {
  const digits = decimalsOf(currency);
  const format = new Intl.NumberFormat(currentLocale(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return withMinus(format.format(value));
}

/** A price alone: with the decimals of its currency at least, up to four where it has more. */
export function priceOf(value: number, currency: string): string {
  const digits = decimalsOf(currency);
  const format = new Intl.NumberFormat(currentLocale(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: Math.max(digits, 4),
  });
  return format.format(value);
}

export const exactly = (value: number, currency: string) => formatExactMoney(value, currency);
