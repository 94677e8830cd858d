import { describe, expect, it } from "vitest";
import type { DirectoryItem } from "@/api/types";
import {
  alike,
  below,
  freeId,
  freshItem,
  type ItemDraft,
  itemsOf,
  moved,
  placed,
  possibleParents,
  put,
  toInputs,
  without,
} from "./directory-model";

const item = (id: string, parent: string | null = null): ItemDraft => ({
  ...freshItem(id, parent),
  saved: true,
  label: { en: id },
});
const all = [item("ua"), item("kyiv", "ua"), item("lviv", "ua"), item("podil", "kyiv"), item("pl")];
const shown = (items: ItemDraft[]) => placed(items).map(({ item: { id }, depth }) => `${depth}${id}`);

const kept = (key: string, name: string, archived = false): DirectoryItem => ({
  key,
  name,
  label: { en: name },
  archived,
  built_in: false,
});

describe("items of a directory", () => {
  it("stand behind the one above them, and at the top when that is gone", () => {
    expect(shown(all)).toEqual(["0ua", "1kyiv", "2podil", "1lviv", "0pl"]);
    expect(shown([item("a", "gone")])).toEqual(["0a"]);
    expect(below(all, "ua")).toEqual(["kyiv", "podil", "lviv"]);
  });

  it("move with what is below them", () => {
    expect(shown(moved(all, "pl", "ua", "before"))).toEqual(["0pl", "0ua", "1kyiv", "2podil", "1lviv"]);
    expect(shown(moved(all, "lviv", "kyiv", "before"))).toEqual(["0ua", "1lviv", "1kyiv", "2podil", "0pl"]);
  });

  it("leave what was below them where they stood", () => {
    expect(shown(without(all, "kyiv"))).toEqual(["0ua", "1lviv", "1podil", "0pl"]);
  });

  it("stand under nothing of their own and not too deep", () => {
    expect(possibleParents(all, "kyiv").map(({ item: { id } }) => id)).toEqual(["ua", "lviv", "pl"]);
    const chain = ["a", "b", "c", "d", "e"].map((id, at, ids) =>
      item(id, at > 0 ? (ids[at - 1] ?? null) : null),
    );
    expect(possibleParents([...chain, item("z")], "z").map(({ item: { id } }) => id)).toEqual([
      "a",
      "b",
      "c",
      "d",
    ]);
  });

  it("are sent with keys that are known or needed", () => {
    const made = put(put([item("ua")], { ...freshItem("x_item_2", null), label: { en: "New", ru: " " } }), {
      ...freshItem("x_item_3", "x_item_2"),
      label: { en: "Under" },
    });
    expect(toInputs(made).map(({ key, parent, label }) => [key, parent, label])).toEqual([
      ["ua", undefined, { en: "ua" }],
      ["x_item_2", undefined, { en: "New" }],
      [undefined, "x_item_2", { en: "Under" }],
    ]);
    expect(freeId(made)).toBe("x_item_4");
    expect(itemsOf("One\n\n Два ", "en")).toEqual([{ label: { en: "One" } }, { label: { en: "Два" } }]);
  });

  it("of two directories are one where they are called alike", () => {
    const into = [kept("web", "Web"), kept("x_fair", "Fair", true)];
    const from = [kept("x_site", "web "), kept("web", "Web"), kept("x_f", "Fair"), kept("x_new", "New")];
    expect(alike(from, into, "en")).toEqual({ x_site: "web" });
  });
});
