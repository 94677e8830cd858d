import { describe, expect, it } from "vitest";
import type { Calendar } from "@/api/types";
import { addWorking, subtractWorking } from "./due";

const at = (text: string) => Date.parse(text);
const said = (ms: number | undefined) =>
  ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16);
const added = (calendar: Calendar | null, zone: string, from: string, seconds: number) =>
  said(addWorking(calendar, zone, at(from), seconds));
const HOUR = 3_600;
const DAY = 8 * HOUR;
const week = {
  mon: ["09:00-13:00", "14:00-18:00"],
  tue: ["09:00-13:00", "14:00-18:00"],
  wed: [],
  thu: [],
  fri: [],
  sat: [],
  sun: [],
};

describe("working time on the usual calendar", () => {
  it.each([
    // Acceptance 6: made Monday 15:00, one day, reminder an hour before.
    ["2026-11-30T15:00:00Z", DAY, "2026-12-01T15:00"],
    ["2026-11-29T12:00:00Z", DAY, "2026-11-30T18:00"],
    ["2026-11-27T17:00:00Z", 2 * HOUR, "2026-11-30T10:00"],
    ["2026-11-30T12:30:00Z", HOUR, "2026-11-30T14:30"],
    ["2026-11-30T03:00:00Z", 0, "2026-11-30T03:00"],
    ["2026-11-30T09:00:00Z", 5 * DAY, "2026-12-04T18:00"],
  ])("from %s, %i s: %s", (from, seconds, expected) => {
    expect(added(null, "UTC", from, seconds)).toBe(expected);
  });
  it("goes back the same way", () => {
    expect(said(subtractWorking(null, "UTC", at("2026-12-01T15:00:00Z"), HOUR))).toBe("2026-12-01T14:00");
    expect(said(subtractWorking(null, "UTC", at("2026-11-30T09:30:00Z"), HOUR))).toBe("2026-11-27T17:30");
  });
  it("counts in the company's zone", () => {
    expect(added(null, "Europe/Kyiv", "2026-11-30T13:00:00Z", DAY)).toBe("2026-12-01T13:00");
    expect(added(null, "Asia/Vladivostok", "2026-11-29T23:00:00Z", HOUR)).toBe("2026-11-30T00:00");
  });
});

describe("working time on a calendar of its own", () => {
  it("has its own days, holidays and short days", () => {
    const days = [
      { date: "2026-12-01", hours: [] },
      { date: "2026-12-07", until: "2026-12-08", hours: ["10:00-12:00"] },
    ];
    expect(added({ week, days }, "UTC", "2026-11-30T15:00:00Z", 4 * HOUR)).toBe("2026-12-07T11:00");
  });
  it("has shifts over midnight that end where the next begins", () => {
    const cycle = { anchor: "2026-11-30", days: [["20:00-08:00"], [], ["06:00-07:00"]] };
    expect(added({ cycle }, "UTC", "2026-11-30T22:00:00Z", 10 * HOUR)).toBe("2026-12-01T08:00");
    expect(added({ cycle }, "UTC", "2026-11-29T06:30:00Z", HOUR)).toBe("2026-11-30T20:30");
  });
  it("knows the hour that is left out and the one that comes twice", () => {
    const nights = { week: { ...week, sat: ["22:00-06:00"] }, time_zone: "Europe/Berlin" };
    expect(added(nights, "UTC", "2026-03-28T21:00:00Z", 7 * HOUR), "spring: seven hours").toBe(
      "2026-03-29T04:00",
    );
    expect(added(nights, "UTC", "2026-10-24T20:00:00Z", 9 * HOUR), "autumn: nine").toBe("2026-10-25T05:00");
  });
  it("says nothing where nobody ever works", () => {
    const none = { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] };
    expect(added({ week: none }, "UTC", "2026-11-30T15:00:00Z", HOUR)).toBeUndefined();
    expect(subtractWorking({ week: none }, "UTC", at("2026-11-30T15:00:00Z"), HOUR)).toBeUndefined();
  });
});
