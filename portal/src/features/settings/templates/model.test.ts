import { describe, expect, it } from "vitest";
import type { PaperSettings } from "@/api/document-templates";
import type { OwnTemplate } from "@/api/own-templates";
import { byEntity, moved, openedBy, papersFor, textsOf, withColumn, withText } from "./model";

const settings: PaperSettings = {
  color: "#1f4e79",
  font: "sans",
  columns: ["title", "total"],
  logo: true,
  words: true,
  bank: true,
  signatures: true,
  texts: {},
};

const own = (entity: string, title: string): OwnTemplate => ({
  id: title,
  entity,
  title,
  kind: "typ",
  version: 1,
  usual: false,
  file_name: `${title}.typ`,
  size: 10,
  unknown: [],
  updated_at: "2026-11-30T00:00:00Z",
});

describe("templates", () => {
  it("are opened by their address", () => {
    expect(openedBy(undefined)).toEqual({ kind: "nothing" });
    expect(openedBy("new")).toEqual({ kind: "new" });
    expect(openedBy("act")).toEqual({ kind: "ours", key: "act" });
    expect(openedBy("0197")).toEqual({ kind: "own", id: "0197" });
  });

  it("stand for the papers of their entity", () => {
    expect(papersFor("invoice")).toEqual(["invoice", "credit", "act"]);
    expect(papersFor("deal")).toEqual([]);
  });

  it("have columns in an order of their own", () => {
    expect(withColumn(["title", "total"], "price", true)).toEqual(["title", "total", "price"]);
    expect(withColumn(["title", "total"], "total", false)).toEqual(["title"]);
    expect(moved(["title", "price", "total"], "total", -1)).toEqual(["title", "total", "price"]);
    expect(moved(["title", "total"], "title", -1)).toEqual(["title", "total"]);
    expect(moved(["title", "total"], "total", 1)).toEqual(["title", "total"]);
  });

  it("have texts by language, and the product's where nothing is typed", () => {
    const typed = withText(settings, "uk", "intro", "Вітаємо");
    expect(textsOf(typed, "uk").intro).toBe("Вітаємо");
    expect(textsOf(typed, "en").intro).toBeNull();
    expect(withText(typed, "uk", "intro", "  ").texts).toEqual({});
    expect(settings.texts).toEqual({});
  });

  it("are listed by entity in the order of entities", () => {
    const all = [own("deal", "a"), own("quote", "b"), own("gone", "c"), own("deal", "d")];
    expect(byEntity(all, ["quote", "deal"]).map(([entity, list]) => [entity, list.length])).toEqual([
      ["quote", 1],
      ["deal", 2],
      ["gone", 1],
    ]);
  });
});
