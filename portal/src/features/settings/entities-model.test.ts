import { describe, expect, it } from "vitest";
import type { Entity } from "@/api/types";
import {
  keyTrouble,
  linkingTo,
  menuDraft,
  menuPatch,
  mostOfKey,
  namesOf,
  newEntity,
  ownerOf,
  renamed,
  suggestedKey,
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

describe("what is changed of a kind", () => {
  it("are its names in every language, as they are kept", () => {
    const labels = { en: "Machine", uk: "Верстат" };
    expect(namesOf({ labels, labels_plural: { en: "Machines" } })).toEqual({
      label: { en: "Machine", ru: "", uk: "Верстат" },
      plural: { en: "Machines", ru: "", uk: "" },
    });
    expect(namesOf({}).label).toEqual(noWords());
  });

  it("is its picture and its place in the menu, whole", () => {
    expect(menuDraft({}, [])).toEqual({ icon: "", shown: true, before: "" });
    const kept = { icon: "truck", menu: { shown: true, before: "deal" } };
    expect(menuDraft(kept, ["lead", "deal"])).toEqual({ icon: "truck", shown: true, before: "deal" });
    expect(menuDraft(kept, ["lead"]).before).toBe("");
    expect(menuPatch({ icon: "", shown: false, before: "" })).toEqual({
      icon: "",
      menu: { shown: false, before: null },
    });
    expect(menuPatch(menuDraft(kept, ["deal"]))).toEqual(kept);
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
