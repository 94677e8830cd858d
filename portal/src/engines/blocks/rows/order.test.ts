import { expect, it } from "vitest";
import type { RecordData } from "@/api/types";
import { byPlace, placed } from "./order";

const row = (id: string, place: number | string | null): RecordData => ({
  id,
  version: 1,
  entity: "step",
  fields: { place },
});
const rows = [row("a", 10), row("b", 20), row("c", 30)];
const ids = (all: RecordData[]) => all.map(({ id }) => id).join("");

/** What stands where after the writes. */
function after(all: RecordData[], id: string, next: string, side: "before" | "after") {
  const written = placed(all, "place", id, next, side);
  const now = all.map((one) => ({
    ...one,
    fields: { ...one.fields, ...written.find((w) => w.id === one.id)?.fields },
  }));
  return [ids(byPlace(now, "place")), written.length];
}

it("reads numbers however they are written, and what has no place stands last", () => {
  expect(ids(byPlace([row("x", null), row("c", "30"), row("b", 9), row("y", "")], "place"))).toBe("bcxy");
});

it("moves a row by one write where there is room", () => {
  expect(after(rows, "c", "a", "before")).toEqual(["cab", 1]);
  expect(after(rows, "c", "a", "after")).toEqual(["acb", 1]);
  expect(after(rows, "a", "c", "after")).toEqual(["bca", 1]);
  expect(after(rows, "a", "c", "before")).toEqual(["bac", 1]);
});

it("counts anew where there is none", () => {
  const tight = [row("a", 1), row("b", 2), row("c", 3)];
  expect(after(tight, "c", "a", "before")).toEqual(["cab", 3]);
  expect(after([row("a", 1), row("b", null), row("c", null)], "c", "b", "before")[0]).toBe("acb");
});

it("writes nothing for a row that stands there already or is not there", () => {
  expect(placed(rows, "place", "a", "b", "before")).toEqual([]);
  expect(placed(rows, "place", "a", "a", "after")).toEqual([]);
  expect(placed(rows, "place", "z", "a", "after")).toEqual([]);
});
