/**
 * Until when a step has to be done if it began now: working time counted on a calendar as the server counts it
 * (`core/work/src/calendar/arithmetic.rs`). Only a hint: what counts is what the server writes into the task. Pure.
 */
import type { Calendar } from "@/api/types";

/** Minutes since midnight; an end past 24:00 lies on the next day. */
type Interval = [from: number, to: number];

const DAY_MS = 86_400_000;
/** Days that are looked through: more would be no plan. */
const HORIZON = 800;
const usual = ["09:00-13:00", "14:00-18:00"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));

const intervals = (hours: string[] | undefined): Interval[] =>
  (hours ?? []).map((text) => {
    const [from = "", to = ""] = text.split("-");
    const [start, end] = [minutes(from), minutes(to)];
    return [start, end > start ? end : end + 1_440];
  });

/** Midnight of a date, as if it were UTC. */
const dateAt = (date: string) => Date.parse(`${date}T00:00:00Z`);
const dateOf = (at: number) => new Date(at).toISOString().slice(0, 10);

class Working {
  private readonly calendar: Calendar | null;
  private readonly days = new Map<string, Interval[]>();
  private readonly clock: Intl.DateTimeFormat;

  constructor(calendar: Calendar | null, zone: string) {
    this.calendar = calendar;
    for (const { date, until, hours } of calendar?.days ?? []) {
      const own = intervals(hours);
      for (let at = dateAt(date); at <= dateAt(until ?? date); at += DAY_MS) this.days.set(dateOf(at), own);
    }
    this.clock = new Intl.DateTimeFormat("en-GB", {
      timeZone: calendar?.time_zone || zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  }

  /** What the clock shows there, as if it were UTC. */
  local(at: number): number {
    const parts = Object.fromEntries(this.clock.formatToParts(at).map(({ type, value }) => [type, value]));
    const { year, month, day, hour, minute, second } = parts;
    return Date.parse(`${year?.padStart(4, "0")}-${month}-${day}T${hour}:${minute}:${second}Z`);
  }

  /** The first instant at which the clock there shows at least this. */
  private instant(local: number): number {
    const offsets = [local - DAY_MS, local + DAY_MS].map((at) => this.local(at) - at);
    const found = offsets.map((offset) => local - offset).filter((at) => this.local(at) === local);
    if (found.length > 0) return Math.min(...found);
    // The hour that is left out in spring: where it ends.
    let [before, after] = [local - DAY_MS * 1.1, local + DAY_MS * 1.1];
    while (after - before > 1_000) {
      const middle = Math.floor((before + after) / 2);
      if (this.local(middle) < local) before = middle;
      else after = middle;
    }
    return Math.round(after / 1_000) * 1_000;
  }

  private hours(day: number): Interval[] {
    const own = this.days.get(dateOf(day));
    if (own) return own;
    const cycle = this.calendar?.cycle;
    if (cycle) {
      const length = Math.max(1, cycle.days.length);
      const index = Math.round((day - dateAt(cycle.anchor)) / DAY_MS) % length;
      return intervals(cycle.days[(index + length) % length]);
    }
    const name = weekdays[new Date(day).getUTCDay()] ?? "sun";
    const free = name === "sat" || name === "sun";
    return intervals(this.calendar ? this.calendar.week?.[name] : free ? [] : usual);
  }

  /** Working hours that begin on a day, as instants. */
  spans(day: number): [number, number][] {
    const spans: [number, number][] = [];
    for (const [from, to] of this.hours(day)) {
      const next = to > 1_440 ? this.hours(day + DAY_MS)[0] : undefined;
      const end = next ? Math.min(to, 1_440 + next[0]) : to;
      const span: [number, number] = [this.instant(day + from * 60_000), this.instant(day + end * 60_000)];
      if (span[0] < span[1]) spans.push(span);
    }
    return spans;
  }

  day(at: number): number {
    return Math.floor(this.local(at) / DAY_MS) * DAY_MS;
  }
}

/** The instant (ms) by which so many seconds of working time have passed; undefined where the calendar has not that many. */
export function addWorking(
  calendar: Calendar | null,
  zone: string,
  from: number,
  seconds: number,
): number | undefined {
  const working = new Working(calendar, zone);
  let left = seconds * 1_000;
  if (left === 0) return from;
  const first = working.day(from) - DAY_MS;
  for (let day = first; day < first + HORIZON * DAY_MS; day += DAY_MS) {
    for (const [start, end] of working.spans(day)) {
      const begin = Math.max(start, from);
      if (end - begin >= left) return begin + left;
      left -= Math.max(0, end - begin);
    }
  }
  return undefined;
}

/** The instant since which so many seconds of working time pass until then. */
export function subtractWorking(
  calendar: Calendar | null,
  zone: string,
  until: number,
  seconds: number,
): number | undefined {
  const working = new Working(calendar, zone);
  let left = seconds * 1_000;
  if (left === 0) return until;
  const last = working.day(until);
  for (let day = last; day > last - HORIZON * DAY_MS; day -= DAY_MS) {
    for (const [start, end] of working.spans(day).reverse()) {
      const stop = Math.min(end, until);
      if (stop - start >= left) return stop - left;
      left -= Math.max(0, stop - start);
    }
  }
  return undefined;
}
