/** Amounts as documents write them: with all decimals of their currency. */
import { decimalsOf } from "@/engines/fields/money";
import { currentLocale } from "@/i18n";

/** The amount alone. */
export function digitsOf(value: number, currency: string): string {
  const digits = decimalsOf(currency);
  const format = new Intl.NumberFormat(currentLocale(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return format.format(value);
}

export const exactly = (value: number, currency: string) => `${digitsOf(value, currency)}\u00a0${currency}`;
