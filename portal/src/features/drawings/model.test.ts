import { describe, expect, it } from "vitest";
import type { DrawingProblem } from "@/api/drawings";
import {
  afterRefusal,
  emptyDrawing,
  fromCells,
  partOf,
  problemsOfFields,
  readLines,
  shortName,
  shownProblems,
  troublesOf,
  worstFirst,
} from "./model";

const problem = (
  element: string | null,
  code: string,
  severity: "error" | "warning" = "error",
): DrawingProblem => ({
  element,
  severity,
  code,
  message: code,
});

describe("problems of a drawing", () => {
  it("lead to the part of the panel where they are mended", () => {
    for (const [code, part] of [
      ["role_unknown", "who"],
      ["executor_wrong", "who"],
      ["reminder_too_early", "time"],
      ["required_without_action", "action"],
      ["field_without_choices", "form"],
      ["escalation_without_target", "late"],
      ["probability_wrong", "funnel"],
      ["service_missing", "service"],
      ["timer_wrong", "timer"],
      ["no_default", "condition"],
      ["message_missing", "event"],
      ["no_executable_process", "process"],
      ["unreachable", ""],
    ]) {
      expect(partOf({ code: code ?? "" }), code).toBe(part);
    }
  });

  it("are amber until somebody tried to publish, then errors are red and cover warnings", () => {
    const all = [
      problem("a", "x", "warning"),
      problem("a", "y"),
      problem("b", "z", "warning"),
      problem(null, "f"),
    ];
    expect([...troublesOf(all, false)]).toEqual([
      ["a", "warning"],
      ["b", "warning"],
    ]);
    expect([...troublesOf(all, true)]).toEqual([
      ["a", "problem"],
      ["b", "warning"],
    ]);
    expect(worstFirst(all).map(({ code }) => code)).toEqual(["y", "f", "x", "z"]);
  });

  it("nothing new is said of an element while one is at it", () => {
    const before = [problem("a", "old")];
    const now = [problem("a", "old"), problem("a", "new"), problem("b", "new")];
    expect(shownProblems(now, before, "a").map(({ element, code }) => [element, code])).toEqual([
      ["a", "old"],
      ["b", "new"],
    ]);
    expect(shownProblems(now, before, undefined)).toBe(now);
  });

  it("a refusal's fields are problems by element, `xml` is the file", () => {
    const fields = { u: { code: "c", message: "m" }, xml: { code: "d", message: "n" } };
    expect(problemsOfFields(fields).map(({ element, message }) => [element, message])).toEqual([
      ["u", "m"],
      [null, "n"],
    ]);
    expect(problemsOfFields(undefined)).toEqual([]);
  });
});

it("after a refusal all it names is wrong, in the words known before; warnings stay", () => {
  const before = [problem("a", "said_before"), problem("b", "gone"), problem("c", "hint", "warning")];
  const fields = { a: { code: "x", message: "m" }, d: { code: "new", message: "n" } };
  expect(afterRefusal(before, fields).map(({ element, code }) => [element, code])).toEqual([
    ["d", "new"],
    ["a", "said_before"],
    ["c", "hint"],
  ]);
});

describe("lines of the wizard", () => {
  it("are counted as the server counts them, empty ones too", () => {
    expect(readLines("A | who | 1d\n\n? ok | yes: next\nB\twho\t4h")).toEqual([
      { number: 1, text: "A | who | 1d", name: "A", facts: "who · 1d" },
      { number: 3, text: "? ok | yes: next", name: "? ok", facts: "yes: next" },
      { number: 4, text: "B\twho\t4h", name: "B", facts: "who · 4h" },
    ]);
  });

  it("cells of a spreadsheet become lines without empty ends", () => {
    expect(fromCells("A\twho\t1d\r\nB\t\t4h\t\t\r\nplain")).toBe("A | who | 1d\nB |  | 4h\nplain");
  });
});

it("a name of 100 KB is short in a list", () => {
  expect(shortName(" a\n b ")).toBe("a b");
  expect(shortName("x".repeat(100_000)).length).toBeLessThan(200);
});

it("an empty drawing says its title as text, whatever is in it", () => {
  const xml = emptyDrawing('<b a="1">&\u0001', { start: "S", step: "T", end: "E" }, "p1");
  expect(xml).toContain('name="&lt;b a=&quot;1&quot;>&amp; "');
});
