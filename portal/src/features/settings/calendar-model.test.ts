import { describe, expect, it } from "vitest";
import {
  draftOf,
  minutesOf,
  painted,
  readDraft,
  readHours,
  spansOf,
  withFound,
  yearsOf,
} from "./calendar-model";

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

describe("hours that are painted", () => {
  it("grow together and are cut where they are taken away", () => {
    expect(painted("", 540, 780, true)).toBe("09:00-13:00");
    expect(painted("9-13, 14-18", 780, 840, true)).toBe("09:00-18:00");
    expect(painted("9-18", 780, 840, false)).toBe("09:00-13:00, 14:00-18:00");
    expect(painted("9:10-18", 540, 570, false)).toBe("09:30-18:00");
    expect(painted("9-18", 0, 1_440, false)).toBe("");
    expect(painted("", 0, 1_440, true)).toBe("00:00-24:00");
    expect(painted("what", 0, 60, true)).toBe("00:00-01:00");
  });

  it("over midnight stay so, or go with what they went on from", () => {
    expect(spansOf("20-8")).toEqual([[1_200, 1_920]]);
    expect(painted("20-8", 1_140, 1_200, true)).toBe("19:00-08:00");
    expect(painted("20-8", 1_260, 1_320, false)).toBe("20:00-21:00, 22:00-08:00");
    expect(painted("20-8", 1_260, 1_440, false)).toBe("20:00-21:00");
    expect(painted("20-19", 0, 1_440, true)).toBe("00:00-24:00");
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

describe("holidays that were found", () => {
  const own = { date: "2026-01-01", until: "2026-01-03", hours: "10-12", name: "ours" };
  const typed = { date: null, until: null, hours: "", name: "later" };
  const found = ["2026-12-25", "2026-01-03", "2026-01-04"].map((date) => ({
    date,
    hours: [],
    name: "theirs",
  }));

  it("stand in order among the days of the calendar and change none of them", () => {
    const days = withFound([own, typed], found);
    expect(days.map(({ date, name }) => `${date} ${name}`)).toEqual([
      "2026-01-01 ours",
      "2026-01-04 theirs",
      "2026-12-25 theirs",
      "null later",
    ]);
    expect(days[0]).toBe(own);
    expect(withFound(days, found)).toEqual(days);
  });
});
