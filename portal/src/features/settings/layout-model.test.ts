import { describe, expect, it } from "vitest";
import type { Entity } from "@/api/types";
import {
  afterSave,
  draftOf,
  hiddenId,
  isOutrun,
  type LayoutRow,
  movedRow,
  presentIn,
  sectionRow,
  specOf,
  toggled,
  touched,
  withMine,
  withoutSection,
  withSection,
  withTheirs,
} from "./layout-model";

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
    expect(ids(withSection(rows, sectionRow("new", { en: "New" })))).toBe("#0 a b #1 c #new hidden d");
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
