/** Calendar days as YYYY-MM-DD and moments on the wall clock of a zone. Pure. */

const day_ms = 86_400_000;

export const utc = (day: string): number => Date.parse(`${day.slice(0, 10)}T00:00:00Z`);
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
export const addDays = (day: string, count: number): string => dayOf(utc(day) + count * day_ms);
/** Whole days from one to the other. */
export const daysBetween = (from: string, to: string): number => Math.round((utc(to) - utc(from)) / day_ms);
/** 0 = Monday. */
export const weekday = (day: string): number => (new Date(utc(day)).getUTCDay() + 6) % 7;
export const isDay = (value: unknown): value is string =>
  typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(utc(value));
export const startOfWeek = (day: string): string => addDays(day, -weekday(day));
export const startOfMonth = (day: string): string => `${day.slice(0, 7)}-01`;
export function addMonths(day: string, count: number): string {
  const [year = 0, month = 1] = day.split("-").map(Number);
  return dayOf(Date.UTC(year, month - 1 + count, 1));
}

/** The first and the last of two days. */
export const firstOf = (a: string, b: string): string => (a.localeCompare(b) <= 0 ? a : b);
export const lastOf = (a: string, b: string): string => (a.localeCompare(b) >= 0 ? a : b);

/** A moment as a clock on the wall of the zone shows it. */
export interface Wall {
  day: string;
  /** Since midnight. */
  minutes: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

export function wallOf(ms: number, zone?: string): Wall {
  const key = zone ?? "";
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
    formats.set(key, format);
  }
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  return {
    day: `${parts.year}-${parts.month}-${parts.day}`,
    minutes: Number(parts.hour) * 60 + Number(parts.minute),
  };
}

/** The day that it is in a zone. */
export const todayIn = (zone?: string): string => wallOf(Date.now(), zone).day;

/** The moment at which the wall of the zone shows this; where a clock skips it, as much later as it skips. */
export function momentOf({ day, minutes }: Wall, zone?: string): number {
  const wanted = utc(day) + minutes * 60_000;
  let guess = wanted;
  let skipped = wanted;
  // The offset at the guess leads to the moment; once more where the clock changed between.
  for (let round = 0; round < 3; round += 1) {
    const shown = wallOf(guess, zone);
    const off = utc(shown.day) + shown.minutes * 60_000 - wanted;
    if (off === 0) return guess;
    skipped = guess;
    guess -= off;
  }
  // No clock shows it: the guesses go to and fro over what is skipped.
  return Math.max(guess, skipped);
}
