import { describe, expect, it } from "vitest";
import type { Entity } from "@/api/types";
import { menuOf } from "./menu";

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
});
