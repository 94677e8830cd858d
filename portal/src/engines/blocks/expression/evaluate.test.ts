import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Environment, evaluate } from "./evaluate";
import { limits, type Node, namesOf } from "./node";
import { Row, unknown } from "./values";

interface Case {
  text: string;
  tree: Node;
  value?: unknown;
  error?: string;
  unknown?: true;
}
interface Table {
  environment: {
    names: Record<string, Record<string, unknown>>;
    repeat: Record<string, { count: number; of: string }>;
    unknown: string[];
    row: { types: Record<string, string>; fields: Record<string, unknown> };
    can: Record<string, Record<string, boolean>>;
  };
  cases: Case[];
}

const file = new URL("../../../../../sdk/ui/expressions.cases.json", import.meta.url);
const table = JSON.parse(readFileSync(file, "utf8")) as Table;

function environment(): Environment {
  const { names, repeat, unknown: absent, row, can } = table.environment;
  const all = structuredClone(names) as Record<string, Record<string, unknown>>;
  const put = (path: string, value: unknown) => {
    const [name = "", key = ""] = path.split(".");
    all[name] = { ...all[name], [key]: value };
  };
  for (const [path, { count, of }] of Object.entries(repeat)) {
    put(path, of === "index" ? Array.from({ length: count }, (_, index) => index) : of.repeat(count));
  }
  for (const path of absent) put(path, unknown);
  return {
    lookup: (name) => (name === "row" ? new Row(row.fields, row.types) : all[name]),
    can: (entity, action) => can[entity]?.[action],
  };
}

describe("the shared case table", () => {
  const given = environment();
  for (const one of table.cases) {
    it(one.text, () => {
      const outcome = evaluate(one.tree, given);
      if (one.unknown) expect(outcome).toEqual({ unknown: true });
      else if (one.error !== undefined)
        expect(outcome).toEqual({ error: expect.stringContaining(one.error) });
      else expect(outcome).toEqual({ value: one.value });
    });
  }
  it("has no text twice", () => {
    expect(new Set(table.cases.map(({ text }) => text)).size).toBe(table.cases.length);
  });
});

describe("bounds of a tree", () => {
  const empty: Environment = { lookup: () => undefined };
  it("refuses too many nodes, too deep ones and too many comprehensions inside one another", () => {
    const wide: Node = { list: Array.from({ length: limits.nodes + 1 }, () => 1) };
    expect(evaluate(wide, empty)).toEqual({ error: expect.stringContaining("nodes") });
    let deep: Node = true;
    for (let level = 0; level <= limits.depth; level += 1) deep = { call: ["!", deep] };
    expect(evaluate(deep, empty)).toEqual({ error: expect.stringContaining("levels") });
    const loop = (name: string, body: Node): Node => ({ all: [{ list: [1] }, name, body] });
    expect(evaluate(loop("a", loop("b", true)), empty)).toEqual({ value: true });
    expect(evaluate(loop("a", loop("b", loop("c", true))), empty)).toEqual({
      error: expect.stringContaining("inside one another"),
    });
  });
  it("takes nothing from the objects of JavaScript", () => {
    const given: Environment = { lookup: (name) => (name === "vars" ? {} : undefined) };
    for (const key of ["constructor", "__proto__", "toString"]) {
      expect(evaluate({ get: [{ name: "vars" }, key] }, given)).toEqual({
        error: expect.stringContaining(`no \`${key}\``),
      });
    }
    expect(evaluate({ call: ["constructor", 1] }, given)).toEqual({ unknown: true });
  });
  it("says which names and fields are needed", () => {
    const tree: Node = {
      all: [
        { get: [{ name: "record" }, "lines"] },
        "line",
        { call: [">", { get: [{ name: "line" }, "sum"] }, { name: "state" }] },
      ],
    };
    expect(namesOf(tree)).toEqual(
      new Map<string, Set<string> | null>([
        ["record", new Set(["lines"])],
        ["state", null],
      ]),
    );
  });
});
