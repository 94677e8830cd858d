import { describe, expect, it } from "vitest";
import type { Entity } from "@/api/types";
import {
  keyTrouble,
  linkingTo,
  mostOfKey,
  newEntity,
  ownerOf,
  removedOf,
  renamed,
  suggestedKey,
  toldOf,
} from "./entities-model";
import { noWords } from "./fields-model";

describe("keys of own kinds of records", () => {
  it("are made of the English name, else of another one, as the server does it", () => {
    expect(suggestedKey({ en: " Rented Machine ", ru: "Станок", uk: "" }, [])).toBe("x_rented_machine");
    expect(suggestedKey({ ...noWords(), ru: "Щит Ёлки" }, [])).toBe("x_shchit_elki");
    expect(suggestedKey({ ...noWords(), uk: "Об’єкт" }, [])).toBe("x_ob_iekt");
    expect(suggestedKey(noWords(), [])).toBe("");
    expect(suggestedKey({ ...noWords(), en: "漢字" }, [])).toBe("");
    expect(suggestedKey({ ...noWords(), en: "a".repeat(100) }, []).length).toBe(mostOfKey - 4);
  });

  it("are numbered where they are taken", () => {
    const label = { ...noWords(), en: "Machine" };
    expect(suggestedKey(label, ["x_machine", "x_machine_2"])).toBe("x_machine_3");
  });

  it("are told wrong before they are sent", () => {
    expect(keyTrouble("", [])).toBeUndefined();
    expect(keyTrouble("x_machine_2", ["x_machine"])).toBeUndefined();
    expect(keyTrouble("x_machine", ["x_machine"])).toBe("taken");
    for (const key of ["machine", "x_", "x_Machine", "x_станок", `x_${"a".repeat(mostOfKey)}`]) {
      expect(keyTrouble(key, []), key).toBe("form");
    }
  });
});

describe("what is sent", () => {
  it("leaves out what is empty", () => {
    const label = { en: "Machine", ru: " ", uk: "" };
    expect(newEntity({ label, plural: noWords(), key: " ", staged: true })).toEqual({
      key: null,
      label: { en: "Machine" },
      label_plural: null,
      staged: true,
    });
    expect(renamed(label, noWords())).toEqual({ label: { en: "Machine" }, label_plural: { en: "Machine" } });
  });
});

describe("what was done to kinds of records", () => {
  const label = { en: "Machine", uk: "Верстат" };
  const made = {
    action: "entity.created",
    object: "x_machine",
    detail: { before: null, after: { label, label_plural: { en: "Machines" }, staged: false } },
  };
  const removed = { action: "entity.removed", object: "x_machine", detail: {} };

  it("knows the last names in every language", () => {
    const later = {
      action: "entity.updated",
      object: "x_machine",
      detail: {
        before: made.detail.after,
        after: { ...made.detail.after, label: { ...label, en: "Tool" } },
      },
    };
    expect(toldOf([later, made]).get("x_machine")).toEqual({
      key: "x_machine",
      label: { en: "Tool", ru: "", uk: "Верстат" },
      plural: { en: "Machines", ru: "", uk: "" },
      removed: false,
    });
  });

  it("knows which are removed, and not those that came back", () => {
    const back = { action: "entity.restored", object: "x_machine", detail: {} };
    const key = (acts: Parameters<typeof toldOf>[0], there: string[] = []) =>
      removedOf(
        toldOf(acts),
        there.map((one) => ({ key: one })),
      ).map((one) => one.key);
    expect(key([removed, made])).toEqual(["x_machine"]);
    expect(key([back, removed, made])).toEqual([]);
    expect(key([removed, made], ["x_machine"])).toEqual([]);
  });

  it("is not led astray by what it does not know", () => {
    const odd = [
      { action: "entity.created", object: "x_a", detail: { after: { label: { en: 5 } } } },
      { action: "field.created", object: "deal.x_a", detail: {} },
    ];
    expect(toldOf(odd).get("x_a")?.label).toEqual({ en: "", ru: "", uk: "" });
    expect(toldOf(odd).size).toBe(1);
  });
});

it("whose a kind is, and what links to it", () => {
  expect(ownerOf({ own: true })).toBe("own");
  expect(ownerOf({ own: false, plugin: "acme.parts" })).toBe("module");
  expect(ownerOf({ own: false })).toBe("product");
  const entities = [
    { key: "x_a", fields: [{ key: "x_self", type: "link", entities: ["x_a"] }] },
    { key: "deal", fields: [{ key: "x_of", type: "links", entities: ["x_a", "contact"] }] },
  ] as unknown as Entity[];
  expect(linkingTo(entities, "x_a").map(({ entity, field }) => [entity.key, field.key])).toEqual([
    ["deal", "x_of"],
  ]);
});
