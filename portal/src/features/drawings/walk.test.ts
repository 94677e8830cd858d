import { describe, expect, it } from "vitest";
import type { Way } from "@/engines/designer/designer";
import { answersFor, bringerOf, comparisonOf, holds, placesOf, sentOf, type Told, walkOf } from "./walk";

const way = (id: string, source: string, target: string, condition = "", otherwise = false): Way => ({
  id,
  source,
  target,
  name: "",
  condition,
  otherwise,
});
const told = (element: string, order: number): Told => ({ element, order, name: "", who: [], effects: [] });

describe("the walk", () => {
  const ways = [
    way("a", "start", "work"),
    way("b", "work", "ask"),
    way("yes", "ask", "pay", "vars.ok == true"),
    way("no", "ask", "work", "", true),
    way("c", "pay", "end"),
  ];
  const asks = (element: string) => element === "ask";
  const walk = (elements: string[], problems: string[] = []) =>
    walkOf(
      {
        steps: elements.map((element, at) => told(element, at + 1)),
        problems: problems.map((element) => ({ element })),
      },
      ways,
      asks,
      () => true,
    );

  it("says at a question which way was taken, each time it comes to it", () => {
    const steps = walk(["start", "work", "ask", "work", "ask", "pay", "end"]);
    expect(steps.map(({ taken }) => taken.map(({ id }) => id).join())).toEqual([
      "",
      "",
      "no",
      "",
      "yes",
      "",
      "",
    ]);
  });
  it("knows the way to a step that fails", () => {
    expect(walk(["start", "work", "ask"], ["pay"])[2]?.taken.map(({ id }) => id)).toEqual(["yes"]);
  });
  it("says nothing where the run ends at the question", () => {
    expect(walk(["start", "work", "ask"])[2]?.taken).toEqual([]);
  });
  it("tells all ways of a split that takes several", () => {
    const split = [way("l", "split", "left", "vars.l"), way("r", "split", "right", "vars.r")];
    const steps = [told("split", 1), told("right", 2), told("left", 3)];
    const [first] = walkOf(
      { steps, problems: [] },
      split,
      () => true,
      () => false,
    );
    expect(first?.taken.map(({ id }) => id)).toEqual(["l", "r"]);
  });
  it("places elements by their numbers", () => {
    const steps = ["a", "b", "a", "a", "a"].map((element, at) => told(element, at + 1));
    expect([...placesOf(steps)]).toEqual([
      ["a", "1, 3, 4…"],
      ["b", "2"],
    ]);
  });
});

describe("conditions", () => {
  it("are read behind their guard, when it guards the same", () => {
    expect(comparisonOf('has(vars.answer) && vars.answer == "yes"')).toEqual({
      field: "vars.answer",
      comparison: "is",
      value: "yes",
    });
    expect(comparisonOf('has(vars.answer) && vars.answer_2 == "yes"')).toBeUndefined();
    expect(comparisonOf("has(vars.a) && vars.a != null")?.comparison).toBe("filled");
  });
  it.each([
    ["more", 1000, 1001, true],
    ["more", 1000, 1000, false],
    ["at_least", 1000, 1000, true],
    ["less", 5, "4", false],
    ["is", "yes", undefined, false],
    ["is_not", "yes", "no", true],
    ["filled", "", null, false],
    ["empty", "", undefined, true],
  ] as const)("%s %s of %s: %s", (comparison, value, given, expected) => {
    expect(holds({ field: "vars.x", comparison, value }, given)).toBe(expected);
  });
});

describe("what would have to be brought", () => {
  const answered = (ways: Way[], id: string) => {
    const wanted = ways.find((one) => one.id === id);
    return wanted && answersFor(ways, wanted);
  };
  it("is the compared value, or another one for the way that remains", () => {
    const ways = [way("yes", "q", "a", 'has(vars.v) && vars.v == "yes"'), way("no", "q", "b", "", true)];
    expect(answered(ways, "yes")).toEqual({ v: "yes" });
    expect(answered(ways, "no")).toEqual({ v: "…" });
  });
  it("passes by the ways before it", () => {
    const ways = [
      way("big", "q", "a", "vars.sum > 1000"),
      way("middle", "q", "b", "vars.sum > 100"),
      way("small", "q", "c", "", true),
    ];
    expect(answered(ways, "big")).toEqual({ sum: 1001 });
    expect(answered(ways, "middle")).toEqual({ sum: 1000 });
    expect(answered(ways, "small")).toEqual({ sum: 100 });
  });
  it("may be several variables", () => {
    const ways = [
      way("a", "q", "a", "vars.a == true"),
      way("b", "q", "b", "vars.b == true"),
      way("c", "q", "c", "", true),
    ];
    expect(answered(ways, "b")).toEqual({ a: false, b: true });
    expect(answered(ways, "c")).toEqual({ a: false, b: false });
  });
  it("is nobody's to say where the record or a formula decides", () => {
    const record = [way("a", "q", "a", "record.amount > 5"), way("b", "q", "b", "", true)];
    expect(answered(record, "a")).toBeUndefined();
    const formula = [way("a", "q", "a", "vars.x.size() > 5"), way("b", "q", "b", "", true)];
    expect(answered(formula, "b")).toBeUndefined();
    const never = [way("a", "q", "a", "vars.x == 1"), way("b", "q", "b", "vars.x == 1")];
    expect(answered(never, "b")).toBeUndefined();
  });
  it("comes with the nearest step before, through other questions and round loops", () => {
    const ways = [
      way("1", "start", "merge"),
      way("2", "merge", "work"),
      way("3", "work", "join"),
      way("4", "join", "ask"),
      way("5", "ask", "merge"),
    ];
    expect(bringerOf("ask", ways, (element) => element === "work")).toBe("work");
    expect(bringerOf("ask", ways, () => false)).toBe("");
  });
  it("is sent by its element, or as known from the start", () => {
    expect(
      sentOf([
        { way: "x", element: "work", variables: { a: 1 } },
        { way: "y", element: "work", variables: { b: 2 } },
        { way: "z", element: "", variables: { c: 3 } },
      ]),
    ).toEqual({ variables: { c: 3 }, answers: { work: { a: 1, b: 2 } } });
  });
});
