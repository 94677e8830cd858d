/** Numbers, money, dates and names by locale (`Intl`). Formatters are costly to make and are kept. */
import { currentLocale } from ".";

const cache = new Map<string, unknown>();

function kept<T>(key: string, make: () => T): T {
  const id = `${currentLocale()}:${key}`;
  let made = cache.get(id) as T | undefined;
  if (!made) {
    made = make();
    cache.set(id, made);
  }
  return made;
}

/** A minus is one everywhere (U+2212): some languages write a hyphen for it. */
export const withMinus = (text: string): string => text.replace(/^-/, "−");

export function formatNumber(value: number, digits = 2): string {
  const format = kept(
    `n${digits}`,
    () => new Intl.NumberFormat(currentLocale(), { maximumFractionDigits: digits }),
  );
  return withMinus(format.format(value));
}

/** Whole amounts are shown without cents; an unknown currency code is shown as it is. */
export function formatMoney(value: number, currency: string): string {
  const digits = Number.isInteger(value) ? 0 : 2;
  return inCurrency(value, currency, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** With the decimals that the currency has, whole or not: as documents write it. */
export const formatExactMoney = (value: number, currency: string): string => inCurrency(value, currency, {});

/** Short form for column headers: 1.2M, 340K. */
export function formatMoneyShort(value: number, currency: string): string {
  if (Math.abs(value) < 10_000) return formatMoney(Math.round(value), currency);
  return inCurrency(value, currency, { notation: "compact", maximumFractionDigits: 1 });
}

function inCurrency(value: number, currency: string, options: Intl.NumberFormatOptions): string {
  try {
    const format = kept(
      `m${currency}${JSON.stringify(options)}`,
      () =>
        new Intl.NumberFormat(currentLocale(), {
          style: "currency",
          currency,
          currencyDisplay: "narrowSymbol",
          ...options,
        }),
    );
    return withMinus(format.format(value));
  } catch {
    return `${formatNumber(value)} ${currency}`;
  }
}

/** A calendar date (YYYY-MM-DD), which has no time zone. */
export function formatDate(value: string): string {
  const date = new Date(`${value.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(date.getTime())) return value;
  return kept(
    "d",
    () =>
      new Intl.DateTimeFormat(currentLocale(), {
        day: "numeric",
        month: "short",
        year: "numeric",
        timeZone: "UTC",
      }),
  ).format(date);
}

export function formatDateTime(value: string): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return value;
  return kept(
    "dt",
    () =>
      new Intl.DateTimeFormat(currentLocale(), {
        day: "numeric",
        month: "short",
        year: "numeric",
        hour: "2-digit",
        minute: "2-digit",
      }),
  ).format(date);
}

/** The time of day, with its date where that is not the day of `now`; `zoned`: with the name of the zone. Milliseconds. */
export function formatClock(at: number, now: number, zoned = false): string {
  const [day, today] = [new Date(at), new Date(now)];
  const thisYear = day.getFullYear() === today.getFullYear();
  const sameDay = day.toDateString() === today.toDateString();
  return kept(
    `c${sameDay}${thisYear}${zoned}`,
    () =>
      new Intl.DateTimeFormat(currentLocale(), {
        ...(sameDay ? {} : { day: "numeric", month: "short" }),
        ...(thisYear ? {} : { year: "numeric" }),
        hour: "2-digit",
        minute: "2-digit",
        ...(zoned ? { timeZoneName: "short" } : {}),
      }),
  ).format(at);
}

/** With the day of the week, without the year: what is soon. Milliseconds. */
export function formatMoment(at: number): string {
  return kept(
    "m",
    () =>
      new Intl.DateTimeFormat(currentLocale(), {
        weekday: "short",
        day: "numeric",
        month: "short",
        hour: "2-digit",
        minute: "2-digit",
      }),
  ).format(at);
}

/** Day and time to the second, for logs. */
export function formatTime(value: string): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return value;
  return kept(
    "lt",
    () =>
      new Intl.DateTimeFormat(currentLocale(), {
        day: "numeric",
        month: "short",
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
      }),
  ).format(date);
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 days ago"; `now` in milliseconds. Under a minute is "now". */
export function formatRelative(value: string, now: number): string {
  const seconds = (new Date(value).getTime() - now) / 1_000;
  if (Number.isNaN(seconds)) return value;
  const format = kept(
    "r",
    () => new Intl.RelativeTimeFormat(currentLocale(), { numeric: "auto", style: "short" }),
  );
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) < size) continue;
    // "Tomorrow" is the next date, however many hours away.
    const count = unit === "day" ? daysBetween(now, new Date(value).getTime()) : Math.round(seconds / size);
    return format.format(count, unit);
  }
  return format.format(0, "second");
}

/** Midnights of here between two moments, in milliseconds. */
function daysBetween(from: number, to: number): number {
  const day = (at: Date) => Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) / 86_400_000;
  return day(new Date(to)) - day(new Date(from));
}

/** "+7 916 123-45-67" for readability; anything unusual is shown as stored. */
export function formatPhone(value: string): string {
  const match = /^\+(7|380|1)(\d{3}|\d{2})(\d{3})(\d{2})(\d{2})$/.exec(value);
  if (match) return `+${match[1]} ${match[2]} ${match[3]}-${match[4]}-${match[5]}`;
  return value;
}

/** Up to two initials of a name, for avatars. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = [...(words[0] ?? "")][0] ?? "";
  const second = [...(words[1] ?? "")][0] ?? "";
  return (first + second).toLocaleUpperCase();
}
