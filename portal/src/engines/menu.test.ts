import { describe, expect, it } from "vitest";
import type { Entity } from "@/api/types";
import { barOf, menuOf, neighboursOf } from "./menu";

const entity = (key: string, more: Partial<Entity> = {}) =>
  ({ key, actions: { read: true }, ...more }) as unknown as Entity;
const keys = (entities: Entity[]) => entities.map(({ key }) => key);

describe("the menu", () => {
  it("goes from leads to money, then people and goods, then what modules bring in their order", () => {
    const given = ["lead", "deal", "contact", "activity", "tax", "x_b", "product", "invoice", "quote", "x_a"];
    const menu = menuOf(given.map((key) => entity(key)));
    expect(keys(menu.work)).toEqual(["lead", "deal", "quote", "invoice", "contact", "product", "x_b", "x_a"]);
    expect(keys(menu.directories)).toEqual(["tax"]);
  });

  it("has neither what may not be read nor what a module shows elsewhere", () => {
    const hidden = { actions: { read: false } } as Partial<Entity>;
    const menu = menuOf([entity("quote", hidden), entity("price", hidden), entity("x_a", { inner: true })]);
    expect(menu).toEqual({ work: [], directories: [] });
  });

  const own = (key: string, before?: string, shown = true) =>
    entity(key, { own: true, menu: { shown, before: before ?? null } });
  const given = ["lead", "contact", "deal", "tax"].map((key) => entity(key));

  it("has each own kind before the one that was named, in whatever order they come", () => {
    const menu = menuOf([
      ...given,
      own("x_c", "x_b"),
      own("x_a", "deal"),
      own("x_b", "deal"),
      own("x_d", "tax"),
    ]);
    expect(keys(menu.work)).toEqual(["lead", "x_a", "x_c", "x_b", "deal", "contact"]);
    expect(keys(menu.directories)).toEqual(["x_d", "tax"]);
  });

  it("loses none whose neighbour is gone or waits for it, and keeps the places beside what somebody does not see", () => {
    const round = [own("x_a", "x_b"), own("x_b", "x_a"), own("x_c", "x_gone"), own("x_d", "quote")];
    const menu = menuOf([...given, ...round]);
    expect(keys(menu.work)).toEqual(["lead", "deal", "x_d", "contact", "x_a", "x_b", "x_c"]);
  });

  it("leaves out what was taken out of it, and not what stands before that", () => {
    const menu = menuOf([...given, own("x_a", "lead", false), own("x_b", "x_a")]);
    expect(keys(menu.work)).toEqual(["x_b", "lead", "deal", "contact"]);
  });

  it("shows on a phone the first of the catalogue, and what was put before them", () => {
    expect(keys(barOf(given))).toEqual(["lead", "contact", "deal"]);
    expect(keys(barOf([...given, own("x_a"), own("x_b", "contact")]))).toEqual(["lead", "x_b", "contact"]);
  });

  it("offers places before all but a kind itself and what stands before it", () => {
    const all = [...given, own("x_a", "x_b"), own("x_b", "x_c"), own("x_c")];
    const offered = (key: string) => keys(neighboursOf(all.find((one) => one.key === key) as Entity, all));
    expect(offered("x_c")).toEqual(["lead", "deal", "contact", "tax"]);
    expect(offered("x_b")).toEqual(["lead", "deal", "contact", "x_c", "tax"]);
    expect(offered("x_a")).toEqual(["lead", "deal", "contact", "x_b", "x_c", "tax"]);
  });
});
