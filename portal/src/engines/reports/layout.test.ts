import { expect, it } from "vitest";
import type { DashboardCard } from "@/api/reports-wire";
import { freeId, inOrder, moved, packed, resized, without } from "./layout";

const card = (id: string, w: number, h = 2): DashboardCard => ({
  id,
  x: 0,
  y: 0,
  w,
  h,
  card: { kind: "tasks" },
});
const places = (cards: DashboardCard[]) => cards.map(({ id, x, y, w, h }) => `${id} ${x},${y} ${w}x${h}`);
const three = packed([card("a", 6), card("b", 6), card("c", 4)]);

it("cards follow each other line by line and never lie upon one another", () => {
  expect(places(three)).toEqual(["a 0,0 6x2", "b 6,0 6x2", "c 0,2 4x2"]);
  const cards = packed([
    card("a", 8, 3),
    card("b", 4, 1),
    card("c", 4, 2),
    card("d", 12, 1),
    card("e", 99, 1),
  ]);
  expect(places(cards)).toEqual(["a 0,0 8x3", "b 8,0 4x1", "c 8,1 4x2", "d 0,3 12x1", "e 0,4 12x1"]);
  expect(inOrder(cards.toReversed()).map(({ id }) => id)).toEqual(["a", "b", "c", "d", "e"]);
});

it("a card moves by places, not beyond the ends", () => {
  expect(places(moved(three, "c", -1))).toEqual(["a 0,0 6x2", "c 6,0 4x2", "b 0,2 6x2"]);
  expect(places(moved(three, "a", -1))).toEqual(places(three));
  expect(moved(three, "a", 9).map(({ id }) => id)).toEqual(["b", "c", "a"]);
  expect(moved(three, "nobody", 1)).toBe(three);
});

it("a card grows and shrinks by steps, and the others give way", () => {
  expect(places(resized(three, "a", 1, 1))).toEqual(["a 0,0 8x3", "b 0,3 6x2", "c 6,3 4x2"]);
  expect(resized(three, "c", -9, -9)[2]).toMatchObject({ w: 3, h: 1 });
});

it("a card goes, and a new one gets a name that is free", () => {
  expect(places(without(three, "a"))).toEqual(["b 0,0 6x2", "c 6,0 4x2"]);
  expect(freeId([card("text-2", 1)], "text")).toBe("text-3");
});
