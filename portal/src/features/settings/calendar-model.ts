/** A working calendar as it is typed: hours as text, holidays as rows; and back to what the server keeps. Pure. */
import type { Calendar, CalendarDay } from "@/api/types";

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];

export interface DayRow {
  date: string | null;
  until: string | null;
  hours: string;
  name: string;
}

export interface CalendarDraft {
  /** Its own, or the one above it counts. */
  own: boolean;
  mode: "week" | "cycle";
  zone: string;
  week: Record<Weekday, string>;
  /** First day of the shifts. */
  anchor: string | null;
  /** Hours of each day of the shifts, a line each. */
  cycle: string;
  days: DayRow[];
}

const usual = "09:00-13:00, 14:00-18:00";

export function draftOf(calendar: Calendar | null): CalendarDraft {
  const hours = (list: string[] | undefined) => (list ?? []).join(", ");
  const fresh = { mon: usual, tue: usual, wed: usual, thu: usual, fri: usual, sat: "", sun: "" };
  const week = calendar?.week;
  return {
    own: calendar !== null,
    mode: calendar?.cycle ? "cycle" : "week",
    zone: calendar?.time_zone ?? "",
    week: week
      ? (Object.fromEntries(weekdays.map((day) => [day, hours(week[day])])) as CalendarDraft["week"])
      : fresh,
    anchor: calendar?.cycle?.anchor ?? null,
    cycle: (calendar?.cycle?.days ?? []).map((day) => hours(day)).join("\n"),
    days: (calendar?.days ?? []).map((day) => ({
      date: day.date,
      until: day.until ?? null,
      hours: hours(day.hours),
      name: day.name ?? "",
    })),
  };
}

/** `9-13, 14:30–18` as the server writes it; undefined when it cannot be read. Nothing is a free day. */
export function readHours(text: string): string[] | undefined {
  const parts = text
    .split(/[,;]|(?<=\d)\s+(?=\d)/)
    .map((part) => part.trim())
    .filter((part) => part && part !== "-" && part !== "—");
  const read: string[] = [];
  for (const part of parts) {
    const match = /^(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?$/.exec(part);
    if (!match) return undefined;
    const [, fromHour, fromMinute = "00", toHour, toMinute = "00"] = match;
    const from = clock(Number(fromHour), Number(fromMinute));
    const to = clock(Number(toHour), Number(toMinute));
    if (!from || !to || from === "24:00") return undefined;
    read.push(`${from}-${to}`);
  }
  return read;
}

function clock(hour: number, minute: number): string | undefined {
  if (minute > 59 || hour > 24 || (hour === 24 && minute > 0)) return undefined;
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

/** Minutes of a day's intervals; one that ends before it begins goes over midnight. */
export function minutesOf(hours: string[]): number {
  const at = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
  return hours.reduce((sum, one) => {
    const [from = "", to = ""] = one.split("-");
    const length = at(to) - at(from);
    return sum + (length > 0 ? length : length + 1_440);
  }, 0);
}

const day = 1_440;

/** Intervals of a day as minutes from its midnight; one that goes over midnight ends behind 1,440. None of a text that cannot be read. */
export const spansOf = (text: string): [number, number][] =>
  (readHours(text) ?? []).map((one) => {
    const [from = 0, to = 0] = one
      .split("-")
      .map((at) => Number(at.slice(0, 2)) * 60 + Number(at.slice(3, 5)));
    return [from, to > from ? to : to + day];
  });

/** Hours of a day with a part of it worked, or free. */
export function painted(text: string, from: number, to: number, on: boolean): string {
  const spans = spansOf(text);
  const parts: [number, number][] = on
    ? [...spans, [from, to]]
    : spans.flatMap(([begin, end]): [number, number][] => [
        [begin, Math.min(end, from)],
        [Math.max(begin, to), end],
      ]);
  const whole: [number, number][] = [];
  // What would begin on the next day alone goes with what it went on from.
  for (const [begin, end] of parts
    .filter(([begin, end]) => begin < end && begin < day)
    .sort(([left], [right]) => left - right)) {
    const last = whole.at(-1);
    if (last && begin <= last[1]) last[1] = Math.min(Math.max(last[1], end), last[0] + day);
    else whole.push([begin, end]);
  }
  const clockOf = (at: number) => clock(Math.floor(at / 60), at % 60);
  return whole.map(([begin, end]) => `${clockOf(begin)}-${clockOf(end > day ? end - day : end)}`).join(", ");
}

export interface Read {
  calendar: Calendar | null;
  /** What could not be read, by place: `mon`, `anchor`, `cycle`, `day.3`. */
  wrong: Record<string, "hours" | "needed" | "order">;
}

export function readDraft(draft: CalendarDraft): Read {
  if (!draft.own) return { calendar: null, wrong: {} };
  const wrong: Read["wrong"] = {};
  const hours = (place: string, text: string): string[] => {
    const read = readHours(text);
    if (!read) wrong[place] = "hours";
    return read ?? [];
  };
  const calendar: Calendar = {
    days: draft.days.map((day, index) => dayOf(day, `day.${index}`, wrong, hours)),
  };
  if (draft.zone) calendar.time_zone = draft.zone;
  if (draft.mode === "week") {
    calendar.week = Object.fromEntries(weekdays.map((day) => [day, hours(day, draft.week[day])])) as Record<
      Weekday,
      string[]
    >;
  } else {
    if (!draft.anchor) wrong.anchor = "needed";
    const lines = draft.cycle.trim() ? draft.cycle.trimEnd().split("\n") : [];
    if (lines.length === 0) wrong.cycle = "needed";
    calendar.cycle = { anchor: draft.anchor ?? "", days: lines.map((line) => hours("cycle", line)) };
  }
  return { calendar, wrong };
}

function dayOf(
  day: DayRow,
  place: string,
  wrong: Read["wrong"],
  hours: (place: string, text: string) => string[],
): CalendarDay {
  if (!day.date) wrong[place] = "needed";
  else if (day.until && day.until < day.date) wrong[place] = "order";
  return {
    date: day.date ?? "",
    until: day.until,
    hours: hours(place, day.hours),
    name: day.name.trim() || null,
  };
}

/** Years that have days of their own, and this one with the next. */
export const yearsOf = (draft: CalendarDraft, now: number): number[] =>
  [...new Set([now, now + 1, ...draft.days.map(({ date }) => Number(date?.slice(0, 4)) || now)])].sort(
    (left, right) => left - right,
  );

/** The days with those that were found; one that has words of its own stays as it is. */
export function withFound(days: DayRow[], found: CalendarDay[]): DayRow[] {
  const stands = (date: string) =>
    days.some((day) => day.date !== null && day.date <= date && date <= (day.until ?? day.date));
  const more = found
    .filter(({ date }) => !stands(date))
    .map(({ date, name }) => ({ date, until: null, hours: "", name: name ?? "" }));
  return [...days, ...more].sort((left, right) => (left.date ?? "9").localeCompare(right.date ?? "9"));
}
