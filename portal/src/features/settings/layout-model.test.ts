import { describe, expect, it } from "vitest";
import type { LayoutSpec } from "@/api/layouts";
import type { Entity } from "@/api/types";
import {
  afterSave,
  draftOf,
  isOutrun,
  presentIn,
  relatedRow,
  sectionRow,
  specOf,
  tabRow,
  touched,
  withMine,
  withTheirs,
} from "./layout-model";
import {
  hiddenId,
  type LayoutRow,
  mayGo,
  movedRow,
  tidied,
  toggled,
  withoutRow,
  withoutSection,
  withoutTab,
  withRow,
} from "./layout-rows";

const entity = {
  title_field: "title",
  fields: ["title", "a", "b", "c", "d"].map((key) => ({ key })),
  layout: {
    list: ["title"],
    card: ["a"],
    sections: [
      { key: "one", title: "One", fields: ["title", "a", "b"] },
      { key: "two", title: "Two", fields: ["c"] },
    ],
  },
} as unknown as Entity;

const ids = (rows: LayoutRow[]) =>
  rows.map(({ id }) => id.replace("field ", "").replace("section ", "#")).join(" ");

describe("arranging fields", () => {
  const { rows } = draftOf(entity, undefined, "en");

  it("begins with how the entity stands, and with what is not shown", () => {
    expect(ids(rows)).toBe("#0 a b #1 c hidden d");
    const draft = draftOf(entity, undefined, "uk");
    expect(specOf(draft)).toEqual({
      sections: [
        { title: { uk: "One" }, fields: ["a", "b"] },
        { title: { uk: "Two" }, fields: ["c"] },
      ],
      list: ["title"],
      card: ["a"],
      form: [],
    });
    const saved = {
      sections: [{ title: { en: "X" }, fields: ["d", "gone"] }],
      list: [],
      card: [],
      form: ["a"],
    };
    expect(ids(draftOf(entity, saved, "en").rows)).toBe("#0 d hidden a b c");
  });

  it("keeps names that nobody touched in every language", () => {
    const titles = { en: "One", ru: "Один", uk: "Одна" };
    const [one] = entity.layout.sections;
    const spoken = { ...entity, layout: { ...entity.layout, sections: [{ ...one, titles }] } } as Entity;
    const draft = draftOf(spoken, undefined, "en");
    const moved = { ...draft, rows: movedRow(draft.rows, "field b", "field a", "before") };
    expect(specOf(moved).sections).toEqual([{ title: titles, fields: ["b", "a"] }]);
  });

  it("leaves fields out that are gone", () => {
    const saved = { sections: [], list: ["gone", "a"], card: ["b", "gone"], form: ["gone"] };
    expect(draftOf(entity, saved, "en")).toMatchObject({ list: ["a"], card: ["b"], form: [] });
  });

  it("moves fields anywhere but above the first section", () => {
    expect(ids(movedRow(rows, "field a", "field c", "after"))).toBe("#0 b #1 c a hidden d");
    expect(ids(movedRow(rows, "field d", "section 1", "before"))).toBe("#0 a b d #1 c hidden");
    expect(ids(movedRow(rows, "field c", "section 0", "before"))).toBe("#0 c a b #1 hidden d");
    expect(ids(movedRow(rows, "field a", "section 0", "before"))).toBe(ids(rows));
    expect(ids(movedRow(rows, hiddenId, "field a", "before"))).toBe(ids(rows));
  });

  it("moves sections with their fields, never below what is not shown", () => {
    expect(ids(movedRow(rows, "section 0", "section 1", "after"))).toBe("#1 c #0 a b hidden d");
    expect(ids(movedRow(rows, "section 1", "field a", "before"))).toBe("#1 c #0 a b hidden d");
    expect(ids(movedRow(rows, "section 0", hiddenId, "after"))).toBe("#1 c #0 a b hidden d");
    expect(ids(movedRow(rows, "section 0", "field d", "after"))).toBe("#1 c #0 a b hidden d");
    // A step of the keys: the next row is its own first field.
    expect(ids(movedRow(rows, "section 0", "field a", "after"))).toBe("#1 c #0 a b hidden d");
    expect(ids(movedRow(rows, "section 1", "field c", "after"))).toBe(ids(rows));
    expect(ids(movedRow(rows, "section 0", "field b", "before"))).toBe(ids(rows));
  });

  it("hides, shows, adds and removes", () => {
    expect(ids(toggled(rows, "field b"))).toBe("#0 a #1 c hidden b d");
    expect(ids(toggled(rows, "field d"))).toBe("#0 a b #1 c d hidden");
    expect(ids(withoutSection(rows, "section 0"))).toBe("#1 a b c hidden d");
    expect(ids(withoutSection(rows, "section 1"))).toBe("#0 a b c hidden d");
    expect(ids(withoutSection(withoutSection(rows, "section 1"), "section 0"))).toBe("#0 a b c hidden d");
    expect(ids(withRow(rows, sectionRow("new", { en: "New" })))).toBe("#0 a b #1 c #new hidden d");
  });
});

describe("arranging tabs", () => {
  const saved: LayoutSpec = {
    sections: [{ title: { en: "Main" }, fields: ["a"] }],
    related: [{ entity: "deal", via: "company" }],
    tabs: [
      { title: { en: "Money", uk: "Гроші" }, sections: [{ title: { en: "Sums" }, fields: ["b", "c"] }] },
      { title: { en: "More" }, sections: [], blocks: ["some.panel"] },
    ],
  };
  const draft = draftOf(entity, saved, "en");
  const { rows } = draft;
  const spelt = (of: LayoutRow[]) => ids(of).replaceAll("related deal.company", "R").replaceAll("tab ", "T");

  it("begins with what was saved and says the same again", () => {
    expect(spelt(rows)).toBe("#0 a R T0 #1 b c T1 block some.panel hidden d");
    expect(specOf(draft)).toEqual({ ...saved, list: [], card: [], form: [] });
  });

  it("leaves lists out that can no longer be shown, also of what was kept a while", () => {
    const none = () => false;
    expect(spelt(draftOf(entity, saved, "en", none).rows)).not.toContain("R");
    expect(spelt(presentIn(entity, draft, none).rows)).not.toContain("R");
  });

  it("moves a tab with all of it, never above the first", () => {
    const swapped = "#0 a R T1 block some.panel T0 #1 b c hidden d";
    expect(spelt(movedRow(rows, "tab 1", "tab 0", "before"))).toBe(swapped);
    // A step of the keys up: the row above is a field of the tab before.
    expect(spelt(movedRow(rows, "tab 1", "field c", "before"))).toBe(swapped);
    expect(spelt(movedRow(rows, "tab 0", "section 1", "after"))).toBe(swapped);
    expect(spelt(movedRow(rows, "tab 0", "section 0", "before"))).toBe(spelt(rows));
    expect(spelt(movedRow(rows, "tab 1", hiddenId, "after"))).toBe(spelt(rows));
  });

  it("moves sections and fields between tabs; the first keeps a section", () => {
    expect(spelt(movedRow(rows, "section 1", "tab 0", "before"))).toBe(
      "#0 a #1 b c R T0 T1 block some.panel hidden d",
    );
    expect(spelt(movedRow(rows, "section 0", "tab 1", "after"))).toBe(spelt(rows));
    expect(spelt(movedRow(rows, "field b", "section 1", "before"))).toBe(
      "#0 a b R T0 #1 c T1 block some.panel hidden d",
    );
    expect(spelt(movedRow(rows, "field a", "related deal.company", "after"))).toBe(
      "#0 R T0 #1 a b c T1 block some.panel hidden d",
    );
    // A tab without a section gets one of its name.
    const made = movedRow(rows, "field c", "tab 1", "after");
    expect(spelt(made)).toBe("#0 a R T0 #1 b T1 #of T1 c block some.panel hidden d");
    expect(specOf({ ...draft, rows: made }).tabs?.[1]?.sections).toEqual([
      { title: { en: "More" }, fields: ["c"] },
    ]);
  });

  it("moves lists between tabs and keeps them below the sections", () => {
    expect(spelt(movedRow(rows, "related deal.company", "tab 0", "after"))).toBe(
      "#0 a T0 #1 b c R T1 block some.panel hidden d",
    );
    expect(spelt(movedRow(rows, "related deal.company", "field d", "after"))).toBe(
      "#0 a T0 #1 b c T1 R block some.panel hidden d",
    );
    expect(spelt(tidied(rows))).toBe(spelt(rows));
  });

  it("adds and removes; what stood in a tab goes into the first", () => {
    expect(spelt(withoutTab(rows, "tab 0"))).toBe("#0 a #1 b c R T1 block some.panel hidden d");
    expect(spelt(withoutSection(rows, "section 1"))).toBe("#0 a b c R T0 T1 block some.panel hidden d");
    expect([mayGo(rows, sectionRow("0", {})), mayGo(rows, sectionRow("1", {}))]).toEqual([false, true]);
    expect(spelt(withRow(rows, tabRow("2", { en: "New" })))).toBe(
      `${spelt(rows).replace(" hidden", " T2 hidden")}`,
    );
    expect(spelt(withoutRow(rows, "related deal.company"))).not.toContain("R");
    expect(
      spelt(
        withRow(withoutRow(rows, "related deal.company"), relatedRow({ entity: "deal", via: "company" })),
      ),
    ).toBe("#0 a T0 #1 b c T1 R block some.panel hidden d");
    // Shown again, a field stands in the first tab.
    expect(spelt(toggled(rows, "field d"))).toBe("#0 a d R T0 #1 b c T1 block some.panel hidden");
  });
});

describe("two who arrange at once", () => {
  const shown = draftOf(entity, undefined, "en");
  const mine = touched({}, "one", { ...shown, list: ["c"] });

  it("begins with the save that was shown when something was touched first", () => {
    expect(mine.over).toBe("one");
    expect(touched(mine, "two", shown).over).toBe("one");
    expect(touched({}, undefined, shown).over).toBeUndefined();
  });

  it("is outrun by another's save, and only where something was touched", () => {
    expect([isOutrun(mine, "one"), isOutrun(mine, "two"), isOutrun(mine, undefined)]).toEqual([
      false,
      true,
      true,
    ]);
    expect(isOutrun({}, "two")).toBe(false);
    expect(isOutrun(touched({}, undefined, shown), undefined)).toBe(false);
  });

  it("loses nothing that was arranged while a save ran", () => {
    expect(afterSave(mine, mine.draft, "two")).toEqual({});
    const later = touched(mine, "one", { ...shown, list: ["d"] });
    expect(afterSave(later, mine.draft, "two")).toEqual({ over: "two", draft: later.draft });
    expect(isOutrun(afterSave(later, mine.draft, "two"), "two")).toBe(false);
  });

  it("takes fields that came and went into what was kept", () => {
    const fields = ["title", "a", "c", "d", "e"].map((key) => ({ key }));
    const later = { ...entity, fields } as unknown as Entity;
    const kept = presentIn(later, { ...shown, list: ["title", "b"], form: ["b"] });
    expect(ids(kept.rows)).toBe("#0 a #1 c hidden d e");
    expect([kept.list, kept.form]).toEqual([["title"], []]);
  });

  it("shows the other's, keeps what was arranged and goes back over it", () => {
    const looking = withTheirs(mine);
    expect([looking.draft, looking.aside, isOutrun(looking, "two")]).toEqual([undefined, mine.draft, false]);
    const back = withMine(looking, "two");
    expect([back.draft, back.aside, isOutrun(back, "two")]).toEqual([mine.draft, undefined, false]);
    expect(isOutrun(back, "three")).toBe(true);
  });
});
