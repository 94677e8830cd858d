/** When a report is sent, as its form has it. Pure. */
import type { Schedule, ScheduleInput } from "@/api/reports-wire";
import type { Id } from "@/api/types";

export const hours = Array.from({ length: 24 }, (_, hour) => hour);
export const weekdays = [1, 2, 3, 4, 5, 6, 7] as const;
export const ops = ["gt", "gte", "lt", "lte", "eq"] as const;

/** Monday morning, to oneself, with the file. */
export const usualSchedule = (me: Id): ScheduleInput => ({
  every: "week",
  weekday: 1,
  month_day: null,
  hour: 9,
  only_if: null,
  recipients: [me],
  attach: true,
  enabled: true,
});

export function inputOf(schedule: Schedule): ScheduleInput {
  const { every, weekday, month_day, hour, only_if, recipients, attach, enabled } = schedule;
  return {
    every,
    weekday: weekday ?? null,
    month_day: month_day ?? null,
    hour,
    only_if: only_if ?? null,
    recipients,
    attach,
    enabled,
  };
}

/** A day of the week is said of weeks alone, a day of the month of months. */
export function withEvery(input: ScheduleInput, every: ScheduleInput["every"]): ScheduleInput {
  return {
    ...input,
    every,
    weekday: every === "week" ? (input.weekday ?? 1) : null,
    month_day: every === "month" ? (input.month_day ?? 1) : null,
  };
}

/** What is still missing; a key of the texts. */
export function missingOf(input: ScheduleInput): "recipients_needed" | "value_needed" | undefined {
  if (input.recipients.length === 0) return "recipients_needed";
  return input.only_if && typeof input.only_if.value !== "number" ? "value_needed" : undefined;
}

/** The name of a day of the week, 1 for Monday. */
export const weekdayName = (locale: string, weekday: number): string =>
  new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" }).format(
    new Date(Date.UTC(2024, 0, weekday)),
  );
