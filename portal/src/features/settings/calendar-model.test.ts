import { describe, expect, it } from "vitest";
import { draftOf, minutesOf, readDraft, readHours, yearsOf } from "./calendar-model";

describe("hours of a day", () => {
  it("are read as people write them", () => {
    expect(readHours("9-13, 14:30–18")).toEqual(["09:00-13:00", "14:30-18:00"]);
    expect(readHours("22.00 - 6")).toEqual(["22:00-06:00"]);
    expect(readHours("9-13 14:00 - 18")).toEqual(["09:00-13:00", "14:00-18:00"]);
    expect(readHours("0-24")).toEqual(["00:00-24:00"]);
    expect([readHours(""), readHours("—")]).toEqual([[], []]);
  });

  it("that cannot be read are not guessed", () => {
    for (const text of ["9", "9-", "25-26", "9:70-10", "from 9 to 6", "24-3", "9 00-18 00"]) {
      expect(readHours(text), text).toBeUndefined();
    }
  });

  it("are counted over midnight too", () => {
    expect(minutesOf(["09:00-13:00", "14:00-18:00"])).toBe(480);
    expect(minutesOf(["22:00-06:00"])).toBe(480);
  });
});

describe("a calendar", () => {
  it("comes back as it was read", () => {
    const calendar = {
      time_zone: "Europe/Kyiv",
      week: { mon: ["09:00-18:00"], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] },
      days: [
        { date: "2026-01-01", until: "2026-01-08", hours: [], name: "New Year" },
        { date: "2026-12-31", until: null, hours: ["09:00-12:00"], name: null },
      ],
    };
    expect(readDraft(draftOf(calendar as never))).toEqual({ calendar, wrong: {} });
    expect(readDraft(draftOf(null))).toEqual({ calendar: null, wrong: {} });
  });

  it("of shifts has a line for each day, a free one too", () => {
    const draft = { ...draftOf(null), own: true, mode: "cycle" as const, anchor: "2026-05-04" };
    expect(readDraft({ ...draft, cycle: "8-20\n20-8\n—\n—" }).calendar?.cycle).toEqual({
      anchor: "2026-05-04",
      days: [["08:00-20:00"], ["20:00-08:00"], [], []],
    });
    expect(readDraft({ ...draft, anchor: null, cycle: "" }).wrong).toEqual({
      anchor: "needed",
      cycle: "needed",
    });
  });

  it("says what is wrong where it is", () => {
    const draft = { ...draftOf(null), own: true };
    draft.week = { ...draft.week, tue: "morning" };
    draft.days = [
      { date: null, until: null, hours: "", name: "" },
      { date: "2026-05-09", until: "2026-05-01", hours: "", name: "" },
    ];
    expect(readDraft(draft).wrong).toEqual({ tue: "hours", "day.0": "needed", "day.1": "order" });
    expect(
      yearsOf({ ...draft, days: [{ date: "2024-01-01", until: null, hours: "", name: "" }] }, 2026),
    ).toEqual([2024, 2026, 2027]);
  });
});
