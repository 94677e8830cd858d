/** Where events stand in a month, a week or a day, on the wall clock of a zone. Pure. */
import {
  addDays,
  addMonths,
  dayOf,
  daysBetween,
  firstOf,
  isDay,
  lastOf,
  momentOf,
  startOfMonth,
  startOfWeek,
  utc,
  wallOf,
} from "@/engines/blocks/days";

export type Mode = "month" | "week" | "day" | "agenda";

export interface EventInput {
  id: string;
  label: string;
  /** A day (all of it) or a moment. */
  start: string;
  end?: string;
}
export interface CalendarEvent extends EventInput {
  allDay: boolean;
  /** First and last day on the wall, both included. */
  first: string;
  last: string;
  /** On the wall; of all-day events 0 and 1440. */
  from: number;
  to: number;
}

/** An event as the zone's wall shows it; nothing where its beginning cannot be read. */
export function eventOf(input: EventInput, zone?: string): CalendarEvent | undefined {
  if (isDay(input.start)) {
    const end = input.end?.slice(0, 10);
    const last = end && isDay(end) && end >= input.start ? end : input.start;
    return { ...input, allDay: true, first: input.start, last, from: 0, to: 1_440 };
  }
  const start = Date.parse(input.start);
  if (Number.isNaN(start)) return undefined;
  const given = input.end ? Date.parse(input.end) : Number.NaN;
  const end = Number.isNaN(given) || given < start ? start + 30 * 60_000 : given;
  const from = wallOf(start, zone);
  const to = wallOf(end, zone);
  // What ends at midnight does not reach into the next day.
  const atMidnight = to.minutes === 0 && to.day > from.day;
  return {
    ...input,
    allDay: false,
    first: from.day,
    last: atMidnight ? addDays(to.day, -1) : to.day,
    from: from.minutes,
    to: atMidnight ? 1_440 : to.minutes,
  };
}

const earlier = (a: CalendarEvent, b: CalendarEvent) =>
  a.first.localeCompare(b.first) ||
  b.last.localeCompare(a.last) ||
  Number(b.allDay) - Number(a.allDay) ||
  a.from - b.from ||
  a.label.localeCompare(b.label);

export interface Bar {
  event: CalendarEvent;
  /** 0 to 6, and how many days. */
  column: number;
  span: number;
  lane: number;
  /** It goes on before or after this week. */
  before: boolean;
  after: boolean;
}

/** The events of some days side by side, in lanes that do not cross. */
export function barsOf(events: CalendarEvent[], days: string[]): Bar[] {
  const [first = "", last = ""] = [days[0], days[days.length - 1]];
  const lanes: string[] = [];
  return events
    .filter((event) => event.first <= last && event.last >= first)
    .sort(earlier)
    .map((event) => {
      const from = lastOf(event.first, first);
      const to = firstOf(event.last, last);
      let lane = lanes.findIndex((until) => until < from);
      if (lane < 0) lane = lanes.length;
      lanes[lane] = to;
      return {
        event,
        column: daysBetween(first, from),
        span: daysBetween(from, to) + 1,
        lane,
        before: event.first < first,
        after: event.last > last,
      };
    });
}

export interface TimeBox {
  event: CalendarEvent;
  /** Minutes of the wall clock. */
  from: number;
  to: number;
  /** Which of how many beside each other. */
  column: number;
  columns: number;
}

/** The timed events of a day; those that overlap stand side by side. */
export function boxesOf(events: CalendarEvent[], day: string): TimeBox[] {
  const boxes = events
    .filter((event) => !event.allDay && event.first <= day && event.last >= day)
    .map((event): TimeBox => {
      const from = event.first < day ? 0 : event.from;
      const to = event.last > day ? 1_440 : event.to;
      // An event over the hour that is set back ends, on the wall, before it began.
      return { event, from, to: Math.max(to, from + 20), column: 0, columns: 1 };
    })
    .sort((a, b) => a.from - b.from || b.to - a.to);
  let group: TimeBox[] = [];
  let until = 0;
  const close = () => {
    const columns = Math.max(0, ...group.map(({ column }) => column)) + 1;
    for (const box of group) box.columns = columns;
    group = [];
  };
  for (const box of boxes) {
    if (box.from >= until) close();
    const taken = new Set(group.filter(({ to }) => to > box.from).map(({ column }) => column));
    while (taken.has(box.column)) box.column += 1;
    group.push(box);
    until = group.length === 1 ? box.to : Math.max(until, box.to);
  }
  close();
  return boxes;
}

/** The days a view shows. */
export function daysOf(mode: Mode, at: string): string[] {
  if (mode === "day") return [at];
  const from =
    mode === "month" ? startOfWeek(startOfMonth(at)) : mode === "week" ? startOfWeek(at) : startOfMonth(at);
  const until =
    mode === "week"
      ? addDays(from, 6)
      : mode === "month"
        ? addDays(startOfWeek(addDays(addMonths(startOfMonth(at), 1), -1)), 6)
        : addDays(addMonths(startOfMonth(at), 1), -1);
  return Array.from({ length: daysBetween(from, until) + 1 }, (_, index) => addDays(from, index));
}

export function turn(mode: Mode, at: string, by: 1 | -1): string {
  if (mode === "day") return addDays(at, by);
  if (mode === "week") return addDays(at, 7 * by);
  return addMonths(startOfMonth(at), by);
}

/**
 * The event moved by days and, of timed ones, to another time of day: the wall clock of its beginning is kept or set,
 * its length stays.
 */
export function movedTo(
  event: CalendarEvent,
  to: { day: string; minutes?: number },
  zone?: string,
): { start: string; end?: string } {
  if (event.allDay) {
    const length = daysBetween(event.first, event.last);
    return { start: to.day, end: event.end === undefined ? undefined : addDays(to.day, length) };
  }
  const start = momentOf({ day: to.day, minutes: to.minutes ?? event.from }, zone);
  const length = event.end === undefined ? undefined : Date.parse(event.end) - Date.parse(event.start);
  const text = (ms: number) => new Date(ms).toISOString();
  return { start: text(start), end: length === undefined ? undefined : text(start + length) };
}

export const weekdayNames = (locale: string): string[] => {
  const format = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" });
  return Array.from({ length: 7 }, (_, index) => format.format(utc(addDays("2026-01-05", index))));
};
export { dayOf };
