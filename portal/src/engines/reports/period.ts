/** Times of reports: names that the server knows by the company's calendar, and own days. Pure. */
import type { ReportQuestion } from "@/api/types";

export type Range = NonNullable<ReportQuestion["period"]>;

/** By name, or days: from the first to the last, both counted. */
export type PeriodChoice = string | { from?: string; to?: string };

export const presets = [
  "today",
  "yesterday",
  "this_week",
  "last_week",
  "this_month",
  "last_month",
  "this_quarter",
  "last_quarter",
  "this_year",
  "last_year",
  "last_30_days",
  "last_90_days",
] as const;
export type Preset = (typeof presets)[number];

export const isPreset = (text: unknown): text is Preset => presets.some((one) => one === text);

const part = (day: string, at: number) => Number(day.split("-")[at]);
const write = (date: Date) => date.toISOString().slice(0, 10);

export function addDays(day: string, count: number): string {
  return write(new Date(Date.UTC(part(day, 0), part(day, 1) - 1, part(day, 2) + count)));
}

/** The first day of a month that many months later. */
export function monthOf(day: string, later = 0): string {
  return write(new Date(Date.UTC(part(day, 0), part(day, 1) - 1 + later, 1)));
}

/** As the question has it: half-open. */
export function rangeOf(period: PeriodChoice | undefined): Range | null {
  if (!period) return null;
  if (typeof period === "string") return { from: null, to: null, preset: period };
  if (!period.from && !period.to) return null;
  return { from: period.from ?? null, to: period.to ? addDays(period.to, 1) : null, preset: null };
}

/** As people choose it. */
export function choiceOf(range: Range | null | undefined): PeriodChoice | undefined {
  if (!range) return undefined;
  if (range.preset) return range.preset;
  const { from, to } = range;
  return from || to ? { from: from ?? undefined, to: to ? addDays(to, -1) : undefined } : undefined;
}

/** Whether there is a time before it to compare with. */
export function hasBothEnds(period: PeriodChoice | undefined): boolean {
  return typeof period === "string" || Boolean(period?.from && period.to);
}

export type Bucket = "day" | "week" | "month" | "quarter" | "year";
export const buckets: readonly Bucket[] = ["day", "week", "month", "quarter", "year"];

/** The first day of the next one. */
export function nextBucket(bucket: Bucket, first: string): string {
  switch (bucket) {
    case "day":
      return addDays(first, 1);
    case "week":
      return addDays(first, 7);
    case "month":
      return monthOf(first, 1);
    case "quarter":
      return monthOf(first, 3);
    case "year":
      return monthOf(first, 12);
  }
}

/** Every bucket from the first to the last; nothing where there would be too many to draw. */
export function spread(bucket: Bucket, first: string, last: string, most = 400): string[] | undefined {
  const all: string[] = [];
  for (let at = first; at <= last; at = nextBucket(bucket, at)) {
    if (all.length === most) return undefined;
    all.push(at);
  }
  return all;
}
