import { describe, expect, it } from "vitest";
import type { CardLayout } from "@/api/types";
import { blocksIn, placedIn, tabOf, tabToOpen } from "./card-tabs";

const section = (key: string, ...fields: string[]) => ({ key, title: key, fields });
const layout: CardLayout = {
  list: [],
  card: [],
  sections: [section("main", "a")],
  blocks: ["one.panel"],
  tabs: [
    { key: "tab_0", title: "Money", sections: [section("sums", "b", "c")], blocks: ["two.panel"] },
    { key: "tab_1", title: "More", sections: [section("more", "d")] },
  ],
};
const old: CardLayout = { list: [], card: [], sections: [section("main", "a")] };

describe("tabs of a card", () => {
  it("knows what stands where, also in layouts from before there were tabs", () => {
    expect([...placedIn(layout)]).toEqual(["a", "b", "c", "d"]);
    expect([...blocksIn(layout)]).toEqual(["one.panel", "two.panel"]);
    expect([...placedIn(old)]).toEqual(["a"]);
    expect([...blocksIn(old)]).toEqual([]);
    expect([tabOf(layout, "a"), tabOf(layout, "c"), tabOf(layout, "d")]).toEqual([
      undefined,
      "tab_0",
      "tab_1",
    ]);
  });

  it("opens the tab of a field that went wrong, and stays where some of it is seen", () => {
    expect(tabToOpen(layout, undefined, ["d"])).toEqual({ tab: "tab_1" });
    expect(tabToOpen(layout, "tab_1", ["a"])).toEqual({ tab: undefined });
    expect(tabToOpen(layout, "tab_0", ["d", "b"])).toBeUndefined();
    expect(tabToOpen(layout, undefined, [])).toBeUndefined();
    expect(tabToOpen(old, undefined, ["a"])).toBeUndefined();
  });
});
