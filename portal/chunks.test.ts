import { expect, test } from "vitest";
import { type Info, namesOf } from "./chunks.ts";

const ROUTER = "/p/src/routes/router.tsx";

/** Modules by name: what each imports at once (`now`) and later (`later`), and its size. */
function graph(modules: Record<string, { now?: string[]; later?: string[]; size?: number; code?: string }>) {
  const idOf = (name: string) => (name.startsWith("/") ? name : `/p/src/${name}.ts`);
  return new Map<string, Info>(
    Object.entries(modules).map(([name, { now = [], later = [], size = 10, code = " ".repeat(size) }]) => [
      idOf(name),
      { code, isEntry: name === "main", importedIds: now.map(idOf), dynamicallyImportedIds: later.map(idOf) },
    ]),
  );
}

const scripts = (modules: Parameters<typeof graph>[0]) => {
  const names = namesOf(graph(modules));
  return (name: string) => names.get(`/p/src/${name}.ts`);
};

test("what the entry reaches and what one page alone needs stand in no shared script", () => {
  const script = scripts({
    main: { now: [ROUTER, "first"] },
    [ROUTER]: { later: ["a", "b"] },
    first: {},
    a: { now: ["first", "both", "alone"] },
    b: { now: ["first", "both"] },
    both: {},
    alone: {},
  });
  expect(script("first")).toBeUndefined();
  expect(script("alone")).toBeUndefined();
  expect(script("a")).toBeUndefined();
  expect(script("both")).toBe("shared-both");
});

test("small things go together, and nothing heavy comes to a page without need", () => {
  const script = scripts({
    main: { now: [ROUTER] },
    [ROUTER]: { later: ["a", "b", "c"] },
    a: { now: ["all", "small", "heavy"] },
    b: { now: ["all", "small", "heavy"] },
    c: { now: ["all"] },
    all: { size: 30 },
    small: { size: 20 },
    heavy: { size: 400_000 },
  });
  expect(script("heavy")).toBe("shared-heavy");
  expect(script("small")).toBe("shared-heavy");
  expect(script("all")).toBe("shared-all");
});

test("what a script brings along counts, also by name out of an index", () => {
  const foreign = (name: string) => `/p/node_modules/lib/${name}.mjs`;
  const others = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [foreign(`other-${at}`), {}]));
  const script = scripts({
    main: { now: [ROUTER] },
    [ROUTER]: { later: ["a", "b", "c"] },
    a: { now: ["all", "thin"] },
    b: { now: ["all", "thin"] },
    c: { now: ["all"] },
    all: {},
    thin: { now: [foreign("index")], code: 'import { BigPicker } from "lib";' },
    [foreign("index")]: { now: [foreign("big-picker"), ...Object.keys(others)] },
    [foreign("big-picker")]: { size: 400_000 },
    ...others,
  });
  expect(script("thin")).toBe("shared-thin");
  expect(script("all")).toBe("shared-all");
});

test("scripts that would need each other stay apart", () => {
  const script = scripts({
    main: { now: [ROUTER] },
    [ROUTER]: { later: ["a", "b", "c"] },
    a: { now: ["top"], later: ["piece"] },
    b: { now: ["top"] },
    c: { now: ["bottom"] },
    top: { now: ["piece"] },
    piece: { now: ["bottom"] },
    bottom: {},
  });
  expect(script("piece")).toBeUndefined();
  expect(script("top")).toBe("shared-top");
  expect(script("bottom")).toBe("shared-bottom");
});
