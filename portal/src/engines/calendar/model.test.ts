import { describe, expect, it } from "vitest";
import { momentOf, wallOf } from "@/engines/blocks/days";
import {
  barsOf,
  boxesOf,
  type CalendarEvent,
  daysOf,
  type EventInput,
  eventOf,
  movedTo,
  turn,
} from "./model";

const kyiv = "Europe/Kyiv";
const event = (start: string, end?: string, id = start): CalendarEvent =>
  eventOf({ id, label: id, start, end } satisfies EventInput, kyiv) as CalendarEvent;

describe("events on the wall", () => {
  it("keep their day where clocks are set forward and back", () => {
    // 29 March 2026, 03:00 -> 04:00; 25 October, 04:00 -> 03:00.
    expect(event("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z")).toMatchObject({
      first: "2026-03-29",
      from: 150,
      to: 270,
    });
    expect(event("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")).toMatchObject({
      first: "2026-10-25",
      from: 210,
      to: 210,
    });
    const [back] = boxesOf([event("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")], "2026-10-25");
    expect((back?.to ?? 0) > (back?.from ?? 0)).toBe(true);
  });
  it("end on the day before where they end at midnight", () => {
    expect(event("2026-03-18T18:00:00Z", "2026-03-18T22:00:00Z")).toMatchObject({
      last: "2026-03-18",
      to: 1_440,
    });
  });
  it("last all of their days, whatever the clock does", () => {
    expect(event("2026-03-28", "2026-03-30")).toMatchObject({
      allDay: true,
      first: "2026-03-28",
      last: "2026-03-30",
    });
    expect(event("2026-03-28", "2026-03-01")).toMatchObject({ last: "2026-03-28" });
    expect(eventOf({ id: "a", label: "a", start: "soon" })).toBeUndefined();
  });
  it("find the moment of a wall clock, also one that is skipped", () => {
    for (const minutes of [0, 179, 240, 719]) {
      expect(wallOf(momentOf({ day: "2026-03-29", minutes }, kyiv), kyiv)).toEqual({
        day: "2026-03-29",
        minutes,
      });
    }
    for (const [day, zone, minutes] of [
      ["2026-03-29", kyiv, 200],
      ["2026-03-29", "Europe/Berlin", 150],
      ["2026-03-08", "America/New_York", 150],
      ["2026-04-24", "Africa/Cairo", 0],
      ["2026-03-29", "Asia/Beirut", 15],
    ] as const) {
      const shown = wallOf(momentOf({ day, minutes }, zone), zone);
      expect(shown, zone).toEqual({ day, minutes: minutes + 60 });
    }
  });
});

describe("a week of a month", () => {
  const week = daysOf("week", "2026-03-25");
  it("begins on Monday", () => {
    expect([week[0], week[6], week.length]).toEqual(["2026-03-23", "2026-03-29", 7]);
    expect(daysOf("month", "2026-03-10").length % 7).toBe(0);
    expect(daysOf("month", "2026-03-10")[0]).toBe("2026-02-23");
  });
  it("puts what overlaps into lanes, and goes on from one week into the next", () => {
    const bars = barsOf(
      [
        event("2026-03-20", "2026-03-24", "long"),
        event("2026-03-24", "2026-03-30", "next"),
        event("2026-03-25", "2026-03-25", "short"),
      ],
      week,
    );
    expect(
      bars.map(({ event: { id }, column, span, lane, before, after }) => [
        id,
        column,
        span,
        lane,
        before,
        after,
      ]),
    ).toEqual([
      ["long", 0, 2, 0, true, false],
      ["next", 1, 6, 1, false, true],
      ["short", 2, 1, 0, false, false],
    ]);
  });
});

describe("a day by hours", () => {
  it("puts what overlaps side by side, and what does not takes the whole width", () => {
    const boxes = boxesOf(
      [
        event("2026-03-18T09:00:00Z", "2026-03-18T11:00:00Z", "a"),
        event("2026-03-18T09:30:00Z", "2026-03-18T10:00:00Z", "b"),
        event("2026-03-18T10:00:00Z", "2026-03-18T12:00:00Z", "c"),
        event("2026-03-18T12:00:00Z", "2026-03-18T13:00:00Z", "d"),
      ],
      "2026-03-18",
    );
    expect(boxes.map(({ event: { id }, column, columns }) => [id, column, columns])).toEqual([
      ["a", 0, 2],
      ["b", 1, 2],
      ["c", 1, 2],
      ["d", 0, 1],
    ]);
  });
  it("shows the part of an event over midnight that lies in it", () => {
    const night = event("2026-03-18T20:00:00Z", "2026-03-19T03:00:00Z");
    expect(boxesOf([night], "2026-03-18")).toMatchObject([{ from: 1_320, to: 1_440 }]);
    expect(boxesOf([night], "2026-03-19")).toMatchObject([{ from: 0, to: 300 }]);
  });
});

describe("moving an event", () => {
  it("keeps its time of day and its length over the change of clocks", () => {
    const one = event("2026-03-28T08:00:00Z", "2026-03-28T09:30:00Z");
    expect(movedTo(one, { day: "2026-03-30" }, kyiv)).toEqual({
      start: "2026-03-30T07:00:00.000Z",
      end: "2026-03-30T08:30:00.000Z",
    });
  });
  it("keeps the number of days", () => {
    expect(movedTo(event("2026-03-28", "2026-03-30"), { day: "2026-04-02" }, kyiv)).toEqual({
      start: "2026-04-02",
      end: "2026-04-04",
    });
    expect(movedTo(event("2026-03-28"), { day: "2026-04-02" }, kyiv)).toEqual({
      start: "2026-04-02",
      end: undefined,
    });
  });
  it("turns months from their first day", () => {
    expect(turn("month", "2026-01-31", 1)).toBe("2026-02-01");
    expect(turn("week", "2026-03-25", -1)).toBe("2026-03-18");
  });
});
