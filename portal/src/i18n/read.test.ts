import { describe, expect, it } from "vitest";
import { readDay, readMoment, readNumber, writeDay, writeMoment, writeNumber } from "./read";

const numbers = (locale: "en" | "ru" | "uk", texts: string[]) =>
  texts.map((text) => readNumber(text, locale));

describe("numbers are read as the language writes them", () => {
  it("in English", () => {
    expect(numbers("en", ["1,045,800", "1,045", "1.045", "$1,045.80", "-7", "−7", ".5", "12."])).toEqual([
      1_045_800, 1_045, 1.045, 1_045.8, -7, -7, 0.5, 12,
    ]);
  });

  it("in Russian and Ukrainian", () => {
    const texts = ["1 045 800", "1\u00a0045\u00a0800,50", "1\u202f045", "1,5", "1.5", "500 ₽", ",5"];
    const read = [1_045_800, 1_045_800.5, 1_045, 1.5, 1.5, 500, 0.5];
    expect(numbers("ru", texts)).toEqual(read);
    expect(numbers("uk", texts)).toEqual(read);
  });

  it("in another language's form where it can mean one thing only", () => {
    expect(numbers("ru", ["1,045,800", "1,045,800.25", "1.045.800"])).toEqual([
      1_045_800, 1_045_800.25, 1_045_800,
    ]);
    expect(numbers("en", ["1.045.800,25", "1 045 800,25", "1'045'800"])).toEqual([
      1_045_800.25, 1_045_800.25, 1_045_800,
    ]);
  });

  it("and refused where that would be a guess", () => {
    const wrong = [
      "",
      "-",
      "abc",
      "12 34",
      "1,2,3",
      "1 045 80",
      "5 pieces",
      "1.2.3",
      "1e5",
      "1,045.80.1",
      "1..2",
    ];
    expect(numbers("en", [...wrong, "1,5", "10,45", "1,0458"])).toEqual(
      Array(wrong.length + 3).fill(undefined),
    );
    expect(numbers("ru", wrong)).toEqual(Array(wrong.length).fill(undefined));
    expect(readNumber("12345678901234567", "en")).toBeUndefined();
  });

  it("and what is written is read back", () => {
    for (const locale of ["en", "ru", "uk"] as const) {
      for (const number of [0, -0.25, 999, 1_000, 1_045_800.5]) {
        expect(readNumber(writeNumber(number, locale), locale)).toBe(number);
        expect(readNumber(writeNumber(number, locale, 2), locale)).toBe(number);
      }
    }
  });
});

describe("days are read as the language writes them", () => {
  const today = new Date(2026, 10, 28);
  const days = (locale: "en" | "ru" | "uk", texts: string[]) =>
    texts.map((text) => readDay(text, locale, today));

  it("in English, the month first between slashes", () => {
    const texts = [
      "12/20/2026",
      "12/2/26",
      "20/12/2026",
      "20.12.2026",
      "2026-12-20",
      "Dec 20, 2026",
      "20 december",
      "3/4",
    ];
    expect(days("en", texts)).toEqual([
      "2026-12-20",
      "2026-12-02",
      "2026-12-20",
      "2026-12-20",
      "2026-12-20",
      "2026-12-20",
      "2026-12-20",
      "2026-03-04",
    ]);
  });

  it("in Russian and Ukrainian, the day first", () => {
    expect(
      days("ru", ["20.12.2026", "3/4/2026", "12/20/2026", "20 дек. 2026 г.", "5 мая", "5 май 1999"]),
    ).toEqual(["2026-12-20", "2026-04-03", "2026-12-20", "2026-12-20", "2026-05-05", "1999-05-05"]);
    expect(days("uk", ["20 груд. 2026 р.", "1.2.99"])).toEqual(["2026-12-20", "1999-02-01"]);
  });

  it("and refused where the calendar has no such day", () => {
    const wrong = [
      "",
      "31.02.2026",
      "2026-13-01",
      "12/32/2026",
      "tomorrowish",
      "20.12.202",
      "1.2.3.4",
      "20",
      "1-2/2026",
    ];
    expect(days("en", wrong)).toEqual(Array(wrong.length).fill(undefined));
  });

  it("and what is written is read back", () => {
    for (const locale of ["en", "ru", "uk"] as const) {
      expect(readDay(writeDay("2026-03-04", locale), locale)).toBe("2026-03-04");
      const moment = new Date(2026, 2, 4, 15, 5).toISOString();
      expect(readMoment(writeMoment(moment, locale), locale)).toBe(moment);
    }
  });

  it("with a time of day", () => {
    const at = (hours: number, minutes: number) => new Date(2026, 11, 20, hours, minutes).toISOString();
    expect(readMoment("12/20/2026 3:30 PM", "en")).toBe(at(15, 30));
    expect(readMoment("20.12.2026, 15:30", "ru")).toBe(at(15, 30));
    expect(readMoment("20.12.2026", "ru", "09:15")).toBe(at(9, 15));
    expect([readMoment("20.12.2026 25:00", "ru"), readMoment("15:30", "ru")]).toEqual([undefined, undefined]);
  });
});
