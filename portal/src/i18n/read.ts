/**
 * Numbers and days as people write them, read by the rules of their language; the counterpart of `format`.
 * Pure: undefined means that the text cannot be read, and then nobody guesses.
 */
import type { Locale } from "@/api/types";

/** Thousands are set apart by this in the language; the decimal sign is the other one. */
const grouped: Record<Locale, "," | " "> = { en: ",", ru: " ", uk: " " };
const spaces = /[\s\u00a0\u2009\u202f'’]/g;
const groups = (text: string, sign: string) => {
  const [first = "", ...rest] = text.split(sign);
  return first.length > 0 && first.length < 4 && rest.length > 0 && rest.every((part) => part.length === 3);
};

/**
 * `1,045,800` is English for 1045800, `1 045 800,5` Russian for 1045800.5. A form of another language is read
 * where it can mean one thing only (`1.045.800`); a lone comma in English is a separator of thousands or nothing.
 */
export function readNumber(text: string, locale: Locale): number | undefined {
  const bare = text
    .trim()
    .replace(/^\p{Sc}\s*|\s*\p{Sc}$/gu, "")
    .replace(/^[-−–]\s*/u, "-");
  const negative = bare.startsWith("-");
  let digits = (negative ? bare.slice(1) : bare).replace(spaces, " ");
  if (!/^[\d., ]*\d[.,]?$/.test(digits) && !/^[.,]\d+$/.test(digits)) return undefined;
  const spaced = digits.includes(" ");
  if (spaced) {
    const whole = digits.split(/[.,]/)[0] ?? "";
    if (!groups(whole, " ") || digits.lastIndexOf(" ") > whole.length) return undefined;
    digits = digits.replaceAll(" ", "");
  }
  const plain = withPoint(digits, locale, spaced);
  if (plain === undefined) return undefined;
  const number = Number(plain);
  // Beyond this the number kept would not be the number typed.
  if (!Number.isFinite(number) || plain.replace(/\D/g, "").replace(/^0+/, "").length > 15) return undefined;
  return negative ? -number : number;
}

/** Digits with a point before the decimals and nothing between thousands. */
function withPoint(digits: string, locale: Locale, spaced: boolean): string | undefined {
  const [commas, points] = [digits.split(",").length - 1, digits.split(".").length - 1];
  if (commas + points === 0) return digits;
  if (commas > 0 && points > 0) {
    const decimal = digits.lastIndexOf(",") > digits.lastIndexOf(".") ? "," : ".";
    const [whole = "", part = "", more] = digits.split(decimal);
    const sign = decimal === "," ? "." : ",";
    return more === undefined && groups(whole, sign) ? `${whole.replaceAll(sign, "")}.${part}` : undefined;
  }
  const sign = commas > 0 ? "," : ".";
  if (commas + points > 1) return groups(digits, sign) ? digits.replaceAll(sign, "") : undefined;
  if (grouped[locale] === sign && !spaced) return groups(digits, sign) ? digits.replace(sign, "") : undefined;
  return digits.replace(sign, ".");
}

/** The number as it stands in an editor. */
export function writeNumber(value: number, locale: Locale, least = 0): string {
  const format = new Intl.NumberFormat(locale, { minimumFractionDigits: least, maximumFractionDigits: 10 });
  return format.format(value).replace(spaces, "\u00a0");
}

interface Day {
  year: number;
  month: number;
  day: number;
}

const pad = (part: number, width = 2) => String(part).padStart(width, "0");

/** Whether the calendar has such a day. */
function real({ year, month, day }: Day): boolean {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
  const date = new Date(0);
  date.setUTCFullYear(year, month, 0);
  return day <= date.getUTCDate();
}

/** Two digits are this century until 2069, then the last one. */
const century = (year: string) =>
  year.length > 2 ? Number(year) : Number(year) + (Number(year) < 70 ? 2000 : 1900);

/**
 * A calendar day as YYYY-MM-DD: `12/20/2026` in English, `20.12.2026`, `2026-12-20`, `20 дек. 2026 г.`, `Dec 20`.
 * Where the order of day and month could be either, the language decides; `today` gives the year left out.
 */
export function readDay(text: string, locale: Locale, today = new Date()): string | undefined {
  const found = inDigits(text.trim(), locale, today) ?? inWords(text.trim(), locale, today);
  return found && real(found) ? `${pad(found.year, 4)}-${pad(found.month)}-${pad(found.day)}` : undefined;
}

function inDigits(text: string, locale: Locale, today: Date): Day | undefined {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (iso) return { year: Number(iso[1]), month: Number(iso[2]), day: Number(iso[3]) };
  const parts = /^(\d{1,2})([./-])(\d{1,2})(?:\2(\d{4}|\d{2}))?\.?$/.exec(text);
  if (!parts) return undefined;
  const [first, second] = [Number(parts[1]), Number(parts[3])];
  const year = parts[4] ? century(parts[4]) : today.getFullYear();
  const monthFirst = second > 12 || (locale === "en" && parts[2] !== "." && first <= 12);
  return monthFirst ? { year, month: first, day: second } : { year, month: second, day: first };
}

function inWords(text: string, locale: Locale, today: Date): Day | undefined {
  const words = text.toLocaleLowerCase(locale).split(/[\s\u00a0,.]+/u);
  const names = words.filter((word) => /^\p{L}{3,}$/u.test(word));
  const numbers = words.filter((word) => /^\d+$/.test(word));
  const month = names.length === 1 ? monthOf(names[0] ?? "", locale) : undefined;
  if (!month || numbers.length < 1 || numbers.length > 2) return undefined;
  const [day = "", year] = numbers;
  if (day.length > 2 || (year && year.length !== 4)) return undefined;
  return { year: year ? Number(year) : today.getFullYear(), month, day: Number(day) };
}

/** The month whose name, in either case, begins like this. */
function monthOf(word: string, locale: Locale): number | undefined {
  const forms: Intl.DateTimeFormatOptions[] = [{ month: "long" }, { month: "long", day: "numeric" }];
  for (let month = 0; month < 12; month += 1) {
    for (const form of forms) {
      const format = new Intl.DateTimeFormat(locale, { ...form, timeZone: "UTC" });
      const part = format.formatToParts(Date.UTC(2026, month, 1)).find(({ type }) => type === "month");
      if (part?.value.toLocaleLowerCase(locale).startsWith(word)) return month + 1;
    }
  }
  return undefined;
}

/** The day as it stands in an editor: 12/20/2026 or 20.12.2026. */
export function writeDay(day: string, locale: Locale): string {
  const [year, month, date] = day.slice(0, 10).split("-");
  return locale === "en" ? `${month}/${date}/${year}` : `${date}.${month}.${year}`;
}

/** A moment in this browser's time zone, as an ISO text; without a time of day, at `clock` (HH:MM). */
export function readMoment(text: string, locale: Locale, clock = "00:00"): string | undefined {
  const time = /(?:^|[\s\u00a0,]+)(\d{1,2}):(\d{2})\s*([ap]\.?m\.?)?$/i.exec(text.trim());
  const day = readDay(time ? text.trim().slice(0, time.index) : text, locale);
  if (!day) return undefined;
  const [hours, minutes] = time ? timeOf(time) : clock.split(":").map(Number);
  if (hours === undefined || minutes === undefined || hours > 23 || minutes > 59) return undefined;
  const moment = new Date(`${day}T${pad(hours)}:${pad(minutes)}:00`);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
}

function timeOf([, hours, minutes, half]: RegExpExecArray): [number, number] | [] {
  const hour = Number(hours);
  if (!half) return [hour, Number(minutes)];
  if (hour < 1 || hour > 12) return [];
  return [(hour % 12) + (/^p/i.test(half) ? 12 : 0), Number(minutes)];
}

/** The moment as it stands in an editor, in this browser's time zone. */
export function writeMoment(moment: string, locale: Locale): string {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return moment;
  return `${writeDay(localDay(date), locale)} ${clockOf(date)}`;
}

/** Its calendar day in this browser's time zone, YYYY-MM-DD. */
export function localDay(date: Date): string {
  return `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** Its time of day, HH:MM. */
export function clockOf(date: Date): string {
  return `${pad(date.getHours())}:${pad(date.getMinutes())}`;
}
