import { describe, expect, it } from "vitest";
import { type Condition, comparisonsOf, readCondition, writeCondition } from "./condition";
import { readWorking, spanOf, timerSpan, writeSpan } from "./time";

describe("conditions", () => {
  const both: [string, Condition][] = [
    ["record.amount > 1000", { field: "record.amount", comparison: "more", value: 1000 }],
    ["record.amount <= -1.5", { field: "record.amount", comparison: "at_most", value: -1.5 }],
    ['vars.decision == "approved"', { field: "vars.decision", comparison: "is", value: "approved" }],
    ["vars.ok == true", { field: "vars.ok", comparison: "is", value: true }],
    ["vars.сумма != 7", { field: "vars.сумма", comparison: "is_not", value: 7 }],
    [
      'vars.a == "he said \\"no\\" \\\\ \\n"',
      { field: "vars.a", comparison: "is", value: 'he said "no" \\ \n' },
    ],
    ["has(record.phone) && record.phone != null", { field: "record.phone", comparison: "filled", value: "" }],
    ["!has(vars.x) || vars.x == null", { field: "vars.x", comparison: "empty", value: "" }],
  ];
  for (const [text, condition] of both) {
    it(`${text}: read and written alike`, () => {
      expect(readCondition(text)).toEqual(condition);
      expect(writeCondition(condition)).toBe(text);
    });
  }

  it("are read as other tools and hands write them", () => {
    for (const [text, field, comparison, value] of [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as Camunda writes them
      ["${amount > 100}", "vars.amount", "more", 100],
      ["= stage == 'new'", "vars.stage", "is", "new"],
      ["vars.accepted", "vars.accepted", "is", true],
      ["!accepted", "vars.accepted", "is", false],
      ["#{ total>=5 }", "vars.total", "at_least", 5],
    ]) {
      expect(readCondition(String(text)), String(text)).toEqual({ field, comparison, value });
    }
  });

  it("that say more stay the text they are", () => {
    for (const text of [
      "",
      "true",
      "record",
      "vars.a == vars.b",
      "a > 1 && b < 2",
      'a == "x" || b == "y"',
      'a == "x" + "y"',
      "vars.a == null",
      "size(vars.list) > 1",
      "has(vars.x) && vars.y != null",
      "order.lines.exists(line, line == 1)",
    ]) {
      expect(readCondition(text), text).toBeUndefined();
    }
  });

  it("numbers can be ordered, yes and no only be", () => {
    expect(comparisonsOf("boolean")).toEqual(["is"]);
    expect(comparisonsOf("text")).not.toContain("more");
    expect(comparisonsOf("number")).toContain("at_least");
  });
});

describe("working time", () => {
  it("is said in its largest whole unit, of eight hours a day", () => {
    for (const [text, seconds, amount, unit] of [
      ["P1D", 28_800, 1, "days"],
      ["P2DT8H", 86_400, 3, "days"],
      ["P1DT2H", 36_000, 10, "hours"],
      ["PT90M", 5_400, 90, "minutes"],
      ["P1W", 144_000, 5, "days"],
      ["PT0S", 0, 0, "days"],
    ] as const) {
      expect(readWorking(text), text).toBe(seconds);
      expect(spanOf(text), text).toEqual({ amount, unit });
    }
    for (const text of ["", "P", "PT", "tomorrow", "P1M", "PT1D", "1D", "P1DT"]) {
      expect(readWorking(text), text).toBeUndefined();
    }
    expect(spanOf("PT90S")).toBeUndefined();
  });

  it("is written as one number, and in timers a day is a day", () => {
    expect(
      [{ amount: 2, unit: "days" } as const, { amount: 4, unit: "hours" } as const].map(writeSpan),
    ).toEqual(["P2D", "PT4H"]);
    expect(timerSpan("P14D")).toEqual({ amount: 14, unit: "days" });
    expect([timerSpan("PT30M")?.amount, timerSpan("P1DT1H"), timerSpan("R3/PT1H")]).toEqual([
      30,
      undefined,
      undefined,
    ]);
  });
});
